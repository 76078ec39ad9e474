import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { furnishedLabOfFile } from './furnished-lab.ts'
import type { Visit } from './web-lab.ts'

const { lab, subjects } = furnishedLabOfFile()
let home: string
/** Pages take their time on a busy machine. */
const PATIENCE = { timeout: 15_000 }
beforeAll(() => {
  home = lab.place.path('home/ann')
})

async function browse(visit: Visit, path: string): Promise<Page> {
  const page = await visit.open(`/snapshots/${subjects.snapshotId}?path=${encodeURIComponent(path)}`)
  await page.getByRole('grid').focus()
  return page
}

function cursor(page: Page): Promise<string | null> {
  return page.locator('[role=row][data-cursor]').textContent()
}

test('a snapshot opens where its files are, and is looked through by keyboard alone', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots/${subjects.snapshotId}`)
  const grid = page.getByRole('grid')
  await grid.getByText('documents').waitFor()
  await grid.focus()
  await page.keyboard.type('inv')
  await expect.poll(() => cursor(page), PATIENCE).toContain('invoices')
  await page.keyboard.press('Enter')
  await grid.getByText('2026-000.pdf').waitFor()
  await page.keyboard.press('End')
  await expect.poll(() => cursor(page), PATIENCE).toContain('2026-039.pdf')
  await expect.poll(() => page.url(), PATIENCE).toContain('2026-039.pdf')
  await page.reload()
  await expect.poll(() => cursor(page), PATIENCE).toContain('2026-039.pdf')
  await grid.focus()
  await page.keyboard.press('Backspace')
  await expect.poll(() => cursor(page), PATIENCE).toContain('invoices')
  expect(visit.complaints).toEqual([])
})

test('files are chosen by keys and downloaded together', async () => {
  const visit = await lab.visit({ as: 'admin', acceptDownloads: true })
  const page = await browse(visit, `${home}/invoices`)
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByText('3 selected').waitFor()
  const [archive] = await Promise.all([page.waitForEvent('download'), download(page)])
  const path = lab.place.path('chosen.tar')
  await archive.saveAs(path)
  const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n')
  expect(names).toEqual(['2026-000.pdf', '2026-001.pdf', '2026-002.pdf'])
  await page.getByRole('grid').focus()
  await page.keyboard.press('Control+a')
  await page.getByText('40 selected').waitFor()
  await page.keyboard.press(' ')
  await page.getByText('39 selected').waitFor()
  expect(await page.getByRole('row', { selected: false }).getByText('2026-002.pdf').count()).toBe(1)
  await page.keyboard.press('Escape')
  await page.getByText('40 entries').waitFor()
  expect(visit.complaints).toEqual([])
})

test('more than an address holds is one download too, and a refusal leaves the page where it is', async () => {
  for (let index = 0; index < 300; index++) lab.file(`many/file-${String(index).padStart(3, '0')}`, 'x')
  const folder = lab.place.path('many')
  const { snapshotId = 0 } = await lab.backUp(subjects.clientId, [folder], { name: 'Many' })
  const visit = await lab.visit({ as: 'admin', acceptDownloads: true })
  const page = await visit.open(`/snapshots/${snapshotId}?path=${encodeURIComponent(folder)}`)
  await page.getByRole('grid').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Shift+End')
  await page.getByText('299 selected').waitFor()
  const [archive] = await Promise.all([page.waitForEvent('download'), download(page)])
  const path = lab.place.path('many.tar')
  await archive.saveAs(path)
  const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n')
  expect([names.length, names[0], names.at(-1)]).toEqual([299, 'file-001', 'file-299'])
  await page.getByText('299 selected').waitFor()

  await (await lab.person()).call(`DELETE /api/v1/snapshots/${snapshotId}`)
  await download(page)
  await page.getByText('The download did not begin').waitFor()
  expect(page.url()).toContain(`/snapshots/${snapshotId}?`)
  expect(visit.complaints).toEqual([])
})

async function download(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Download', exact: true }).click()
  await page.getByRole('menuitem', { name: 'As TAR' }).click()
}

test('snapshots of one minute are told apart, and name their plans', async () => {
  const admin = await lab.person()
  const timeZone = 'Europe/Berlin'
  const visit = await lab.visit({ as: 'admin', timezoneId: timeZone })
  const made = (await admin.call(`GET /api/v1/snapshots?clientId=${subjects.clientId}`)).body.items
  const page = await visit.open(`/snapshots?clientId=${subjects.clientId}`)
  const minutes = made.map(({ time }: { readonly time: string }) => time.slice(0, 16))
  for (const { id, time } of made) {
    const row = page.getByRole('listitem').filter({ has: page.locator(`a[href="/snapshots/${id}"]`) })
    const isAlone = minutes.filter((minute: string) => minute === time.slice(0, 16)).length === 1
    const second = new Intl.DateTimeFormat('en', { timeStyle: isAlone ? 'short' : 'medium', timeZone }).format(new Date(time))
    await row.getByText(second, { exact: true }).waitFor()
    await row.getByText('Documents', { exact: true }).waitFor()
  }
  expect(minutes.length).toBeGreaterThan(1)
  await visit.open(`/snapshots/${made[0].id}`)
  const title = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', timeZone }).format(new Date(made[0].time))
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
  expect(visit.complaints).toEqual([])
})

test('two snapshots are compared, by what is asked for', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots?clientId=${subjects.clientId}&planId=${subjects.planId}`)
  const boxes = page.getByRole('checkbox', { name: /^Compare the snapshot/ })
  await boxes.nth(0).check()
  await boxes.nth(1).check()
  await page.getByRole('link', { name: 'Compare' }).click()
  const main = page.getByRole('main')
  await main.getByText('plan.txt').waitFor()
  await main.getByText('ideas.md').waitFor()
  await main.getByText('report.txt').waitFor()
  await main.getByText('Added', { exact: true }).first().click()
  await main.getByText('plan.txt').waitFor({ state: 'detached' })
  await main.getByText('ideas.md').waitFor()
  expect(visit.complaints).toEqual([])
})

test('a file has its versions, each of which is there to be had', async () => {
  const visit = await lab.visit({ as: 'admin', acceptDownloads: true })
  const page = await visit.open(`/files/versions?clientId=${subjects.clientId}&path=${encodeURIComponent(subjects.filePath)}`)
  const versions = page.getByRole('list', { name: 'Versions' }).getByRole('listitem')
  await expect.poll(() => versions.count(), PATIENCE).toBe(2)
  const [older] = await Promise.all([page.waitForEvent('download'), versions.nth(1).getByRole('link', { name: 'Download' }).click()])
  const path = lab.place.path('older.txt')
  await older.saveAs(path)
  expect(execFileSync('cat', [path], { encoding: 'utf8' })).toContain('\nEverything is well.')
  await page.route(/\/api\/v1\/snapshots\/\d+$/, (route) => route.abort())
  await versions.nth(0).getByRole('button', { name: 'Restore' }).click()
  const again = page.getByRole('main').getByRole('button', { name: 'Try again' })
  await again.waitFor({ timeout: 60_000 })
  await page.unroute(/\/api\/v1\/snapshots\/\d+$/)
  await again.click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await versions.nth(0).getByRole('link', { name: 'Show in snapshot' }).click()
  await expect.poll(() => cursor(page), PATIENCE).toContain('report.txt')
  expect(visit.complaints).toEqual([])
})

test('a snapshot is tagged, pinned, and forgotten only after it was said what is lost', async () => {
  const { planId } = subjects
  writeFileSync(subjects.filePath, 'a third version')
  await lab.runPlan(planId)
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots?planId=${planId}&clientId=${subjects.clientId}`)
  const menu = page.getByRole('button', { name: /^Actions for/ }).last()
  const choose = async (name: string): Promise<void> => {
    await menu.click()
    await page.getByRole('menuitem', { name, exact: true }).click()
  }
  await choose('Edit tags')
  await page.getByRole('dialog').getByLabel('Tags', { exact: true }).fill('yearly')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('main').getByText('yearly').waitFor()
  await choose('Pin')
  await page.getByRole('main').getByText('Pinned', { exact: true }).waitFor()
  await menu.click()
  const forget = page.getByRole('menuitem', { name: 'Forget It is pinned. Unpin it first.' })
  expect(await forget.getAttribute('aria-disabled')).toBe('true')
  await page.keyboard.press('End')
  await expect.poll(() => forget.evaluate((item) => item === item.ownerDocument.activeElement)).toBe(true)
  await page.keyboard.press('Enter')
  expect(await page.getByRole('dialog').count()).toBe(0)
  await page.getByRole('menuitem', { name: /^Unpin/ }).click()
  await page.getByRole('main').getByText('Pinned', { exact: true }).waitFor({ state: 'detached' })
  const before = await page.getByRole('button', { name: /^Actions for/ }).count()
  await choose('Forget')
  const dialog = page.getByRole('dialog', { name: 'Forget this snapshot?' })
  await dialog.getByText(/2 versions of files are in no other snapshot/).waitFor()
  await dialog.getByRole('button', { name: 'Forget' }).click()
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => page.getByRole('button', { name: /^Actions for/ }).count(), PATIENCE).toBe(before - 1)
  expect(visit.complaints).toEqual([])
})

test('filters are cleared by a button that lies on nothing else', async () => {
  const visit = await lab.visit({ as: 'admin', viewport: { width: 1280, height: 800 } })
  const page = await visit.open(`/snapshots?clientId=${subjects.clientId}`)
  const clear = page.getByRole('search', { name: 'Filters' }).getByRole('button', { name: 'Clear filters' })
  await clear.waitFor()
  await page.getByRole('button', { name: 'More filters' }).click()
  for (const other of [page.getByText('From', { exact: true }), page.getByText('To', { exact: true })]) {
    const [button, label] = [await clear.boundingBox(), await other.boundingBox()]
    expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThanOrEqual(label?.y ?? 0)
  }
  await clear.click()
  await page.waitForURL(/\/snapshots$/)
  expect(visit.complaints).toEqual([])
})

test.each(['light', 'dark'] as const)('what cannot be undone is red in the menu of a snapshot (%s)', async (colorScheme) => {
  const visit = await lab.visit({ as: 'admin', colorScheme })
  const page = await visit.open(`/snapshots/${subjects.snapshotId}`)
  await page.getByRole('button', { name: /^Actions for/ }).click()
  const coloursOf = (name: string): Promise<readonly (string | undefined)[]> =>
    page.getByRole('menuitem', { name }).evaluate((item) => {
      const view = item.ownerDocument.defaultView
      return [item, ...item.querySelectorAll('svg, div')].map((part) => view?.getComputedStyle(part).color)
    })
  const red = { light: 'rgb(180, 35, 42)', dark: 'rgb(255, 143, 143)' }[colorScheme]
  expect(new Set(await coloursOf('Forget'))).toEqual(new Set([red]))
  expect(await coloursOf('Restore')).not.toContain(red)
  expect(visit.complaints).toEqual([])
})
