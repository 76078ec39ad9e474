import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { labOfFile } from './web-lab.ts'

/** Names that want to be something else, as bytes: the last one is no UTF-8. */
const NAMES = [
  '<img src=x onerror=document.title=1>',
  '<script>document.title=1<',
  '"><svg onload=document.title=1>',
  'invoice\u202Efdp.exe',
  'bell\u0007 and\nline and\ttab',
  'zero\u200Bwidth',
  "'; drop table users; --",
  '%2e%2e%2f100%',
  'javascript:alert(1)',
  'n'.repeat(255),
  '日本語 🗄️ الملف',
].map((name) => Buffer.from(name))
const NO_UTF8 = Buffer.from([0x63, 0x61, 0x66, 0xe9])

let folder: string
let clientId: number
let awayId: number
let snapshotId: number
const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  folder = empty.place.path('home')
  mkdirSync(folder)
  for (const name of [...NAMES, NO_UTF8]) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), '<script>document.title=1</script>\n<b>bold</b>')
  }
  mkdirSync(`${folder}/<h1>folder`)
  const admin = await empty.person()
  awayId = (await admin.call('POST /api/v1/clients', { name: 'far\u202Eaway' })).body.id
  clientId = (await empty.addAgent('<b>desk</b>\u202E')).id
  snapshotId = (await empty.backUp(clientId, [folder], { name: '<i>plan</i>' })).snapshotId ?? 0
})

const markup = 'document.querySelectorAll("main img[src=x], main svg[onload], main script, main b, h1 ~ h1").length'

test.each(['light', 'dark'] as const)(
  'names that somebody chose are text in the browser of files, and nothing else (%s)',
  async (colorScheme) => {
    const visit = await lab.visit({ as: 'admin', colorScheme })
    const page = await visit.open(`/snapshots/${snapshotId}?path=${encodeURIComponent(folder)}`)
    const main = page.getByRole('main')
    await main.getByText('<img src=x onerror=document.title=1>').first().waitFor()
    await main.getByText('<h1>folder').first().waitFor()
    await main.getByText('U+202E').first().waitFor()
    await main.getByText('n'.repeat(255)).first().waitFor()
    await main.getByText('日本語 🗄️ الملف').first().waitFor()
    expect(await page.evaluate(markup)).toBe(0)
    expect(await page.title()).toContain('Holdfast')
    expect(await visit.overflow()).toBeLessThanOrEqual(0)
    expect(visit.complaints).toEqual([])
  },
)

test('each of them can be looked at, and a preview shows their text as it is', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots/${snapshotId}?path=${encodeURIComponent(folder)}`)
  await page.getByRole('main').getByText('<script>document.title=1<', { exact: true }).first().click()
  await page.getByText('<b>bold</b>').first().waitFor()
  expect(await page.evaluate(markup)).toBe(0)
  expect(await page.title()).toContain('Holdfast')
  expect(visit.complaints).toEqual([])
})

test.each(['/clients', '/plans', '/runs', '/snapshots', '/', '/search?query=script', '/search?query=folder'])(
  'names of machines, plans and files are text on %s',
  async (path) => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(path)
    await page.waitForTimeout(300)
    expect(await page.evaluate(markup)).toBe(0)
    expect(await visit.overflow()).toBeLessThanOrEqual(0)
    expect(visit.complaints).toEqual([])
  },
)

test('turn no sentence around in which they are', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/welcome?step=folders&client=${awayId}`)
  await page.getByRole('tree').getByText('The machine is not connected.').waitFor({ timeout: 30_000 })
  expect(await page.getByRole('main').textContent()).not.toContain('\u202E')
  expect(await page.getByRole('main').getByText('U+202E').count()).toBeGreaterThan(1)
  expect(visit.complaints).toEqual([])
})

test('a preview opened by itself runs nothing', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const admin = await lab.person()
  const { items } = (await admin.call(`GET /api/v1/snapshots/${snapshotId}/entries?path=${encodeURIComponent(folder)}`)).body
  for (const { path, kind } of items as { path: string; kind: string }[]) {
    if (kind !== 'file') continue
    const reply = await visit.page.goto(`/api/v1/snapshots/${snapshotId}/preview?path=${encodeURIComponent(path)}`)
    expect(reply?.status(), path).toBe(200)
    expect(await visit.page.title(), path).not.toBe('1')
    expect(reply?.headers()['content-security-policy'], path).toMatch(/sandbox|default-src 'none'/)
  }
  expect(visit.complaints).toEqual([])
})
