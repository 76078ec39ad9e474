import { existsSync, readFileSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { until } from '../../../packages/server/test/system.ts'
import { furnishedLabOfFile } from './furnished-lab.ts'

const { lab, subjects } = furnishedLabOfFile()

describe('who has lost a file', () => {
  test('finds it by a part of its name, and downloads it', async () => {
    const visit = await lab.visit({ as: 'admin', acceptDownloads: true })
    const page = await visit.open('/')
    await page.getByRole('searchbox').fill('/wrong/folder/ideas')
    await page.getByRole('searchbox').press('Enter')
    await page.getByRole('link', { name: 'Search for the name alone: ideas' }).click()
    await page.waitForURL(/query=ideas/)
    const found = page
      .getByRole('main')
      .getByRole('link', { name: /ideas\.md/ })
      .first()
    await found.click()
    await page.waitForURL(/\/(snapshots|files)\//)
    await visit.settled()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page
        .getByRole('main')
        .getByRole('link', { name: /download/i })
        .first()
        .click(),
    ])
    expect(download.suggestedFilename()).toBe('ideas.md')
    expect(readFileSync(await download.path(), 'utf8')).toContain('keep two copies')
    expect(visit.complaints).toEqual([])
  })

  test('has the agent bring it back where it was', async () => {
    rmSync(subjects.filePath)
    const visit = await lab.visit({ as: 'admin' })
    const folder = subjects.filePath.replace(/\/[^/]*$/, '')
    const page = await visit.open(`/snapshots/${subjects.snapshotId}?path=${encodeURIComponent(folder)}`)
    await page.getByRole('main').getByText('report.txt', { exact: true }).first().click()
    await page
      .getByRole('main')
      .getByRole('button', { name: /^restore/i })
      .last()
      .click()
    const dialog = page.getByRole('dialog', { name: 'Restore' })
    await dialog.getByText('To a machine').click()
    await dialog.getByText('Another folder').click()
    const target = dialog.getByRole('textbox', { name: 'Folder on the machine' })
    await target.fill('restored')
    await dialog.getByRole('button', { name: 'Start restore' }).click()
    await dialog.getByText('Name the whole path').waitFor()
    expect(await target.getAttribute('aria-invalid')).toBe('true')
    await dialog.getByText('Where they came from').click()
    await dialog.getByRole('button', { name: 'Start restore' }).click()
    await dialog.getByText('Everything is back.').waitFor({ timeout: 40_000 })
    expect(readFileSync(subjects.filePath, 'utf8')).toContain('Nearly everything is well.')
    expect(visit.complaints).toEqual([])
  })
})

test('a backup that failed is understood, mended and tried again', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/')
  await page
    .getByRole('main')
    .getByRole('link', { name: /with a command that fails/i })
    .first()
    .click()
  await visit.settled()
  const main = page.getByRole('main')
  await main
    .getByText(/exit|code 3|status 3|not allowed|forbid/i)
    .first()
    .waitFor()
  const admin = await lab.person()
  const { body: run } = await admin.call(`GET /api/v1/runs/${subjects.failedRunId}`)
  expect((await admin.call(`PATCH /api/v1/plans/${run.planId}`, { hooks: { pre: [], post: [], onFailure: [] } })).status).toBe(200)
  await visit.open(`/runs/${subjects.failedRunId}`)
  await page
    .getByRole('button', { name: /again|retry/i })
    .first()
    .click()
  await until('the new run', () => (page.url().endsWith(`/runs/${subjects.failedRunId}`) ? undefined : page.url()))
  await page.getByRole('main').getByText('Finished', { exact: true }).first().waitFor({ timeout: 40_000 })
  expect(visit.complaints).toEqual([])
})

test('the page of a client names its runs by their plans, and not each by the client', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/clients/${subjects.clientId}`)
  const line = page.locator(`main a[href="/runs/${subjects.failedRunId}"]`).filter({ hasText: 'Backup' })
  await line.getByText('With a command that fails', { exact: true }).waitFor()
  expect(await line.textContent()).not.toContain('desk')
  await visit.open('/runs')
  await line.getByText('desk', { exact: true }).waitFor()
  expect(visit.complaints).toEqual([])
})

describe('people see what their role allows', () => {
  test('a viewer of nothing sees nothing, and no ways to change anything', async () => {
    const visit = await lab.visit({ as: 'victor' })
    const page = await visit.open('/clients')
    expect(await page.getByText('desk', { exact: true }).count()).toBe(0)
    expect(await page.getByRole('button', { name: /add/i }).count()).toBe(0)
    const navigation = page.getByRole('navigation', { name: 'Main' })
    expect(await navigation.getByRole('link', { name: 'Users' }).count()).toBe(0)
    await visit.open(`/clients/${subjects.clientId}`)
    await page
      .getByText(/does not exist, or it is not yours/)
      .first()
      .waitFor()
    for (const path of ['/administration/users', '/repositories/new']) {
      await visit.open(path)
      await page
        .getByText(/role does not allow/)
        .first()
        .waitFor()
    }
    expect(await page.getByRole('button', { name: 'Make the repository' }).count()).toBe(0)
  })

  test('an operator manages what is theirs alone', async () => {
    const { id } = await lab.addAgent('laptop', { owner: 'ann' })
    const visit = await lab.visit({ as: 'ann' })
    const page = await visit.open('/clients')
    await page.getByRole('link', { name: 'laptop' }).first().waitFor()
    expect(await page.getByText('desk', { exact: true }).count()).toBe(0)
    await visit.open(`/clients/${id}/plans/new`)
    expect(await page.getByRole('button', { name: /save|create|make/i }).count()).toBeGreaterThan(0)
    await visit.open(`/plans/${subjects.planId}`)
    await page
      .getByText(/does not exist, or it is not yours/)
      .first()
      .waitFor()
  })
})

describe('the pages speak', () => {
  test('the browser’s language, or the one that was chosen', async () => {
    const visit = await lab.visit({ as: 'admin', locale: 'ja-JP' })
    const page = await visit.open('/clients')
    expect(await page.locator('h1').textContent()).toBe('クライアント')
    await page.getByRole('button', { name: /アカウント/ }).click()
    await page.getByRole('menuitem', { name: 'English' }).click()
    await page.getByRole('heading', { level: 1, name: 'Clients' }).waitFor()
    await visit.open('/runs')
    expect(await page.locator('h1').textContent()).toBe('Runs')
    expect(existsSync(subjects.filePath)).toBe(true)
  })

  test('on a phone as well, where the menu opens and closes', async () => {
    const visit = await lab.visit({ as: 'admin', viewport: { width: 360, height: 700 }, hasTouch: true })
    const page = await visit.open('/')
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).click()
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
    expect(await visit.overflow()).toBeLessThanOrEqual(0)
    expect(visit.complaints).toEqual([])
  })
})
