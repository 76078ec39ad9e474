import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { furnishedLabOfFile } from './furnished-lab.ts'

const { lab, subjects } = furnishedLabOfFile()
/** An agent may take its time on a busy machine. */
const ENDED = { timeout: 60_000 }
/** At this pace of the machine's a restore of the large file takes a minute and more. */
const SLOW_BYTES_PER_SECOND = 64 * 1024
const LARGE_BYTES = 6 * 1024 * 1024

/** The dialog of the snapshot whose page is open. */
async function openDialog(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Restore' }).click()
  const dialog = page.getByRole('dialog', { name: 'Restore' })
  await dialog.getByText('To a machine').click()
  return dialog
}

test('a restore that failed says why, and is tried again with what was chosen', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots/${subjects.snapshotId}`)
  const dialog = await openDialog(page)
  const blocked = lab.file('blocked', 'a file is no folder')
  await dialog.getByText('Another folder').click()
  const target = dialog.getByRole('textbox', { name: 'Folder on the machine' })
  await target.fill('C:\\restored')
  await dialog.getByRole('button', { name: 'Start restore' }).click()
  await dialog.getByText(/^This is a path of Windows/).waitFor()
  expect(await dialog.getByRole('alert').count()).toBe(0)
  await target.fill(`${blocked}/restored`)
  await dialog.getByRole('radio', { name: 'Replace it always' }).check()
  await dialog.getByRole('checkbox', { name: /^Delete files/ }).check()
  await dialog.getByRole('button', { name: 'Start restore' }).click()
  await dialog.getByText('The restore did not succeed.').waitFor(ENDED)
  await dialog.getByText('Some of what was to be restored could not be.').waitFor()
  await dialog.getByText(/only what is missing is written/).waitFor()
  await dialog.getByRole('button', { name: 'Change and try again' }).click()

  await expect.poll(() => target.inputValue()).toBe(`${blocked}/restored`)
  expect(await dialog.getByRole('radio', { name: 'Replace it always' }).isChecked()).toBe(true)
  expect(await dialog.getByRole('checkbox', { name: /^Delete files/ }).isChecked()).toBe(true)
  await target.fill(lab.place.path('restored'))
  await dialog.getByRole('button', { name: 'Start restore' }).click()
  await dialog.getByText('Everything is back.').waitFor(ENDED)
  expect(readFileSync(lab.place.path('restored') + subjects.filePath, 'utf8')).toContain('Nearly everything is well.')
  expect(visit.complaints).toEqual([])
})

test('a restore that has not begun is stopped from its dialog, and can be changed then', async () => {
  const admin = await lab.person()
  const { id } = (await admin.call('POST /api/v1/clients', { name: 'away' })).body
  await admin.call(`POST /api/v1/clients/${id}/token`)
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots/${subjects.snapshotId}`)
  const dialog = await openDialog(page)
  const machine = dialog.getByRole('combobox', { name: 'Machine' })
  await machine.fill('away')
  await page.getByRole('option', { name: 'away' }).click()
  await dialog.getByRole('button', { name: 'Start restore' }).click()
  await dialog.getByRole('button', { name: 'Stop the restore' }).click()
  await dialog.getByText('The restore was cancelled.').waitFor(ENDED)
  expect(await dialog.getByRole('button', { name: 'Stop the restore' }).count()).toBe(0)
  const [run] = (await admin.call(`GET /api/v1/runs?clientId=${id}`)).body.items
  expect(run).toMatchObject({ kind: 'restore', state: 'cancelled' })
  await dialog.getByRole('button', { name: 'Change and try again' }).click()
  await dialog.getByRole('button', { name: 'Start restore' }).waitFor()
  expect(visit.complaints).toEqual([])
})

test('a restore that has begun is stopped from its dialog at once, however slow it is, and can be changed then', async () => {
  const admin = await lab.person()
  const { id } = await lab.addAgent('far away')
  const large = lab.file('far/away/large', randomBytes(LARGE_BYTES))
  const { snapshotId } = await lab.backUp(id, [lab.place.path('far/away')])
  const limits = { blackouts: [], downloadBytesPerSecond: SLOW_BYTES_PER_SECOND }
  expect((await admin.call(`PATCH /api/v1/clients/${id}`, { settings: { limits } })).status).toBe(200)
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/snapshots/${snapshotId}`)
  const dialog = await openDialog(page)
  await dialog.getByText('Another folder').click()
  const folder = lab.place.path('stopped')
  const target = dialog.getByRole('textbox', { name: 'Folder on the machine' })
  await target.fill(folder)
  await dialog.getByRole('button', { name: 'Start restore' }).click()
  await dialog.getByText('You may close this; the restore goes on by itself.').waitFor(ENDED)
  await dialog.getByRole('progressbar').waitFor(ENDED)
  await dialog.getByText(/ of 6 MiB$/).waitFor(ENDED)
  const stop = dialog.getByRole('button', { name: 'Stop the restore' })
  await stop.click()
  await dialog.getByText('The restore was cancelled. What had come back by then stays.').waitFor(ENDED)
  expect(existsSync(folder + large) && readFileSync(folder + large).equals(readFileSync(large))).toBe(false)
  expect(await dialog.getByRole('status').textContent()).toContain('Cancelled')
  expect(await stop.count()).toBe(0)
  expect(await dialog.getByRole('alert').count()).toBe(0)
  await dialog.getByRole('button', { name: 'Change and try again' }).click()
  await expect.poll(() => target.inputValue()).toBe(folder)
  expect(visit.complaints).toEqual([])
}, 180_000)

test('a restore can be begun, and is told why not, wherever its dialog is scrolled to', async () => {
  const visit = await lab.visit({ as: 'admin', viewport: { width: 1440, height: 700 } })
  const page = await visit.open(`/snapshots/${subjects.snapshotId}`)
  const dialog = await openDialog(page)
  const start = dialog.getByRole('button', { name: 'Start restore' })
  const view = page.viewportSize()?.height ?? 0
  const isInView = async (what: Locator): Promise<boolean> => {
    const box = await what.boundingBox()
    const ground = await start.boundingBox()
    const end = what === start ? view : (ground?.y ?? 0)
    return box !== null && box.y >= 0 && box.y + box.height <= end
  }
  expect(await isInView(start)).toBe(true)
  const json = { code: 'request.conflict', status: 409, detail: 'Cannot restore: the machine is away' }
  await page.route(/\/restore$/, (route) => route.fulfill({ status: 409, json }))
  await start.click()
  const refusal = dialog.getByRole('alert')
  await expect.poll(() => isInView(refusal)).toBe(true)
  expect(await isInView(start)).toBe(true)
  expect(visit.complaints).toEqual([])
})
