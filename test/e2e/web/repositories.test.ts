import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { labOfFile } from './web-lab.ts'

let repositoryId: number

const lab = labOfFile(async (empty) => {
  repositoryId = await empty.addRepository()
  await empty.addUser('victor', 'viewer')
})

describe('a repository', () => {
  test('is made after its fields were put right, and checked at once', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open('/repositories/new')
    const main = page.getByRole('main')
    await main.getByRole('button', { name: 'Make the repository' }).click()
    await main.getByText('This is needed.').first().waitFor()
    // The first field that is wrong, far above the button.
    expect(await page.evaluate('document.activeElement.placeholder')).toBe('/srv/backups')
    await main.getByRole('textbox', { name: 'Folder' }).fill('somewhere')
    await main.getByText('The path must begin with a slash.').waitFor()
    await main.getByRole('textbox', { name: 'Folder' }).fill(lab.place.path('repositories', 'Second'))
    await main.getByRole('textbox', { name: 'Name' }).fill('Main')
    await main.getByRole('button', { name: 'Make the repository' }).click()
    await main.getByText('there is one of that name').first().waitFor()
    await expect.poll(() => page.evaluate('document.activeElement.value')).toBe('Main')
    await main.getByRole('textbox', { name: 'Name' }).fill('Second')
    await main.getByRole('button', { name: 'Make the repository' }).click()
    await page.waitForURL(/\/repositories\/\d+$/)
    await main.getByText('Never checked').waitFor()

    await main.getByRole('button', { name: 'Check now' }).click()
    await main.getByText('Checked and sound').waitFor()
    await main.getByRole('link', { name: /Finished.*Second/ }).click()
    await page.getByRole('heading', { level: 1, name: 'Check: Second' }).waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('leaves the list and is adopted again, by the password of its recovery kit', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open('/repositories')
    const main = page.getByRole('main')
    await main.getByRole('link', { name: /Second/ }).click()
    await main.getByRole('button', { name: 'Download the recovery kit' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'Download', exact: true }).isDisabled()).toBe(true)
    await dialog.getByLabel('I will keep it safe').check()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Download', exact: true }).click(),
    ])
    const kit = readFileSync(await download.path(), 'utf8')
    const password = /RESTIC_PASSWORD='([^']+)'/.exec(kit)?.[1] ?? ''
    expect(password.length).toBeGreaterThan(20)

    await main.getByRole('button', { name: 'Remove from the list' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it from the list' }).click()
    await page.waitForURL(/\/repositories$/)
    await main.getByRole('link', { name: 'Add a repository' }).click()
    await main.getByRole('radio', { name: 'Adopt an existing one' }).click()
    await main.getByRole('textbox', { name: 'Folder' }).fill(lab.place.path('repositories', 'Second'))
    await main.getByRole('textbox', { name: 'Name' }).fill('Adopted')
    await main.getByLabel('Password of the repository').fill('wrong')
    await main.getByRole('button', { name: 'Adopt the repository' }).click()
    await main.getByText('wrong password or no key found').first().waitFor()
    await main.getByLabel('Password of the repository').fill(password)
    await main.getByRole('button', { name: 'Adopt the repository' }).click()
    await page.getByRole('heading', { level: 1, name: 'Adopted' }).waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('is renamed, and its schedule changed and kept', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const { page } = visit
    const main = page.getByRole('main')
    await page.route(/\/api\/v1\/runs\?.*repositoryId/, (route) => route.abort())
    await page.goto(`/repositories/${repositoryId}`)
    const again = main.getByRole('button', { name: 'Try again' })
    await again.waitFor({ timeout: 60_000 })
    await page.unroute(/\/api\/v1\/runs\?.*repositoryId/)
    await again.click()
    await again.waitFor({ state: 'detached' })
    const days = main.getByLabel('All of it within so many days')
    await days.fill('')
    expect(await days.inputValue()).toBe('')
    await main.getByRole('button', { name: 'Save' }).click()
    await main.getByText('Enter a number.').first().waitFor()
    await days.fill('7')
    // What is read anew meanwhile, with something that somebody else has changed, takes away nothing that was typed.
    const admin = await lab.person()
    const { settings: before } = (await admin.call(`GET /api/v1/repositories/${repositoryId}/maintenance`)).body
    await admin.call(`PUT /api/v1/repositories/${repositoryId}/maintenance`, { ...before, lowSpacePercent: 17 })
    await main.getByRole('button', { name: 'Check now' }).click()
    await expect.poll(() => main.getByLabel('Warn when less than this is free').inputValue()).toBe('17 %')
    expect(await days.inputValue()).toBe('7')
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
    await page.getByRole('dialog').getByText('What you have changed here is lost.').waitFor()
    await page.getByRole('dialog').getByText('Stay', { exact: true }).click()
    await main.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await main.getByText('within 7 days').waitFor()
    const { isSent, goOn } = await visit.held('PUT', `/api/v1/repositories/${repositoryId}/maintenance`)
    await main.getByLabel('Warn when less than this is free').fill('18')
    await main.getByRole('button', { name: 'Save' }).click()
    await isSent
    await days.fill('9')
    goOn()
    await expect.poll(() => page.getByText('Saved', { exact: true }).count()).toBeGreaterThan(1)
    expect(await days.inputValue()).toBe('9')
    const time = main.getByLabel('Time of day').last()
    await time.fill('')
    await days.fill('8')
    await main.getByRole('button', { name: 'Discard' }).click()
    await expect.poll(() => days.inputValue()).toBe('7')
    expect(await time.inputValue()).toBe('05:00')
    await main.getByRole('textbox', { name: 'Name' }).fill('Renamed')
    await main.getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('heading', { level: 1, name: 'Renamed' }).waitFor()
    const { settings } = (await admin.call(`GET /api/v1/repositories/${repositoryId}/maintenance`)).body
    expect(settings.check).toEqual({ schedule: { cron: '0 5 * * *', timeZone: 'UTC' }, readAllWithinDays: 7 })
    expect(settings.lowSpacePercent).toBe(18)
    expect(visit.complaints).toEqual([])
  })

  test('says what came of counting its figures again', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/repositories/${repositoryId}`)
    const usage = page.getByRole('region', { name: 'Usage' })
    const folder = lab.place.path('repositories', 'Main')
    renameSync(folder, `${folder}.away`)
    await usage.getByRole('button', { name: 'Count again' }).click()
    await usage.getByText('The figures could not be counted').waitFor()
    renameSync(`${folder}.away`, folder)
    await usage.getByRole('button', { name: 'Count again' }).click()
    await page.getByText('The figures were counted').waitFor()
    await usage.getByText('The figures could not be counted').waitFor({ state: 'detached' })
    expect(visit.complaints).toEqual([])
  })

  test('has a prune that failed done again from its page, still as a dry run', async () => {
    const broken = join(lab.place.path('repositories', 'Main'), 'index', 'ab'.repeat(32))
    writeFileSync(broken, 'no index')
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/repositories/${repositoryId}`)
    const main = page.getByRole('main')
    await main.getByRole('button', { name: 'Try the clean-up' }).click()
    await main.getByRole('link', { name: /Failed.*Trial of the clean-up/ }).click()
    await main.getByText('What happened').waitFor()
    const failed = new URL(page.url()).pathname
    rmSync(broken)
    await main.getByRole('button', { name: 'Run again' }).click()
    await page.waitForURL((url) => /^\/runs\/\d+$/.test(url.pathname) && url.pathname !== failed)
    await main.getByText('Finished', { exact: true }).waitFor()
    await page.getByRole('log').getByText('0 snapshots would be forgotten').waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('says which plans use it, leads to them, and goes when they have gone', async () => {
    const admin = await lab.person()
    const other = (
      await admin.call('POST /api/v1/repositories', { name: 'Busy', location: lab.place.path('repositories', 'Busy'), mode: 'create' })
    ).body.id
    const clientId = (await admin.call('POST /api/v1/clients', { name: 'desk' })).body.id
    const { planId } = await lab.addPlan(clientId, ['/srv'], { name: 'Papers', repositoryId: other })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/repositories/${other}`)
    const main = page.getByRole('main')
    const dialog = page.getByRole('dialog')
    await main.getByRole('button', { name: 'Remove from the list' }).click()
    await dialog.getByText('choose another repository there or remove the plan').waitFor()
    expect(await dialog.getByRole('button', { name: 'Remove it from the list' }).isDisabled()).toBe(true)
    await dialog.getByRole('link', { name: 'Papers' }).click()
    await page.waitForURL(`**/plans/${planId}`)
    await page.getByRole('heading', { level: 1, name: 'Papers' }).waitFor()

    expect((await admin.call(`PATCH /api/v1/plans/${planId}`, { repositoryId })).status).toBe(200)
    await visit.open(`/repositories/${other}`)
    await main.getByRole('button', { name: 'Remove from the list' }).click()
    await dialog.getByText('can be adopted again').waitFor()
    await dialog.getByRole('button', { name: 'Remove it from the list' }).click()
    await page.waitForURL(/\/repositories$/)
    expect(visit.complaints).toEqual([])
  })

  test('can be looked at by a viewer, and not changed', async () => {
    const visit = await lab.visit({ as: 'victor' })
    const page = await visit.open(`/repositories/${repositoryId}`)
    const main = page.getByRole('main')
    await main.getByRole('heading', { name: 'Usage' }).waitFor()
    expect(await main.getByRole('button', { name: /kit|Check|Clean|Remove|Rename|Count/ }).count()).toBe(0)
    expect(visit.complaints).toEqual([])
  })
})
