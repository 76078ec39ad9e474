import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { labOfFile } from './web-lab.ts'

const lab = labOfFile()

test('says how everything begins, then what needs somebody, what runs now and what was done', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/')
  expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['Nothing is protected yet'])
  await page.getByRole('link', { name: 'Set up the first backup' }).click()
  await page.waitForURL('**/welcome')

  await lab.addRepository()
  const { id } = await lab.addAgent('desk')
  const folder = lab.place.path('home')
  lab.file('home/letter.txt', 'Dear all')
  await lab.backUp(id, [folder])
  await visit.open('/')
  await page.getByText('Nothing needs you').waitFor()
  const row = page.getByRole('row', { name: /desk/ })
  await row.getByText('Protected').waitFor()
  expect(await row.getByRole('img').getAttribute('aria-label')).toMatch(/1 finished/)

  // What fails is there by itself, while the page is open, and leads to its run.
  const hooks = { pre: [{ line: 'echo the database is away >&2; exit 3', timeoutSeconds: 60 }] }
  await lab.backUp(id, [folder], { name: 'Database', hooks })
  const failed = page.getByRole('listitem').filter({ hasText: '“Database” on desk failed' })
  await failed.waitFor()
  await row.getByText('Failed').waitFor()
  const day = page.getByRole('link', { name: /: 1 finished, 1 failed/ })
  await day.waitFor({ timeout: 30_000 })
  await failed.getByRole('link', { name: /See what happened/ }).click()
  await page.waitForURL('**/runs/*')
  await page.goBack()
  await day.click()
  await page.waitForURL(/\/runs\?.*since=/)
  await page.getByText('Database').first().waitFor()
  expect(visit.complaints).toEqual([])
})

test('shows what runs as it happens', async () => {
  const { items } = (await (await lab.person()).call('GET /api/v1/clients')).body
  for (let file = 0; file < 12; file++) lab.file(`large/data-${file}`, randomBytes(5_000_000))
  const limits = { blackouts: [], uploadBytesPerSecond: 4_000_000 }
  const { planId } = await lab.addPlan(items[0].id, [lab.place.path('large')], { name: 'Large', limits })
  const visit = await lab.visit({ as: 'admin' })
  const asked: string[] = []
  visit.page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  const count = (name: string): number => asked.filter((path) => path === `/api/v1/${name}`).length
  const page = await visit.open('/')
  const now = page.getByRole('region', { name: 'Right now' })
  await now.getByText('Nothing is running').waitFor()
  await (await lab.person()).call(`POST /api/v1/plans/${planId}/run`)
  await now.getByRole('link', { name: 'desk · Large' }).waitFor()
  const bar = now.getByRole('progressbar', { name: /Large/ })
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow')), { timeout: 60_000 }).toBeGreaterThan(0)
  await now.getByText('Nothing is running').waitFor({ timeout: 120_000 })
  await expect.poll(() => count('overview/calendar'), { timeout: 20_000 }).toBeGreaterThan(1)
  // All that happens is in the overview; only what has ended is in the calendar.
  expect(count('overview/calendar')).toBeLessThan(count('overview'))
  expect(visit.complaints).toEqual([])
})

test('shows each user what is theirs alone', async () => {
  await lab.addUser('victor', 'viewer')
  const visit = await lab.visit({ as: 'victor' })
  const page = await visit.open('/')
  await page.getByText('You see clients here as soon as some are yours').waitFor()
  expect(await page.getByText('desk').count()).toBe(0)
  expect(await page.getByRole('link', { name: 'Set up the first backup' }).count()).toBe(0)
  expect(visit.complaints).toEqual([])
  await lab.addUser('olga', 'operator')
  const other = await (await lab.visit({ as: 'olga' })).open('/')
  await other.getByRole('link', { name: 'Add a client' }).click()
  await other.getByRole('dialog').waitFor()
  expect(await other.getByText('desk').count()).toBe(0)
})

test('names what the server is made of', async () => {
  const visit = await lab.visit({ as: 'admin', locale: 'ja-JP' })
  const page = await visit.open('/administration/about')
  // The page has the name that leads to it, and none of the names is cut.
  await page.getByRole('heading', { name: 'バージョン情報', level: 1 }).waitFor()
  await page.getByRole('navigation', { name: 'メイン' }).getByRole('link', { name: 'バージョン情報' }).waitFor()
  const cut = await page.locator('nav a > span').evaluateAll((spans) => spans.filter((span) => span.scrollWidth > span.clientWidth).length)
  expect(cut).toBe(0)
  await page.getByText(/SQLite 3\./).waitFor()
  await page
    .getByRole('row', { name: /restic/ })
    .getByText(/\d+\.\d+/)
    .first()
    .waitFor()
  await page.getByText(lab.place.path('data')).waitFor()
  expect(visit.complaints).toEqual([])
})
