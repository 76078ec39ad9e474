import { writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../../../packages/server/test/system.ts'
import { findings } from './axe.ts'
import { labOfFile, type WebLab } from './web-lab.ts'

const MACHINE = 'strict'
const COMMANDS_REFUSED = 'This machine carries out no commands of the server'
const RESTORES_REFUSED = 'This machine takes no restores from the server'

let strictId: number
let kindId: number
let planId: number
let snapshotId: number

const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  const file = empty.file('home/ann/report.txt', 'Everything is well.')
  strictId = (await empty.addAgent(MACHINE, { env: { HOLDFAST_ALLOW_RESTORES: 'false' } })).id
  kindId = (await empty.addAgent('kind', { env: { HOLDFAST_ALLOW_COMMANDS: 'true' } })).id
  const made = await empty.backUp(strictId, [file])
  planId = made.planId
  snapshotId = made.snapshotId ?? 0
  for (const id of [strictId, kindId]) await toldOf(empty, id, (policy) => policy !== null)
})

test('whoever writes commands is warned beforehand of a machine that forbids them, and told what to change there', async () => {
  const visit = await lab.visit({ as: 'admin' })
  for (const path of [`/clients/${strictId}?tab=commands`, `/plans/${planId}`, `/clients/${strictId}/plans/new`]) {
    const page = await visit.open(path)
    if (!path.includes('tab=')) await openCommands(page)
    await page.getByText(COMMANDS_REFUSED).waitFor()
    await page.getByText('HOLDFAST_ALLOW_COMMANDS=true').waitFor()
    await page.getByText('/etc/holdfast/agent.yaml').waitFor()
    expect(await findings(visit)).toEqual([])
    expect(visit.complaints).toEqual([])
  }
  const page = await visit.open(`/clients/${kindId}?tab=commands`)
  await page.getByRole('button', { name: 'Add a command: Before the backup' }).waitFor()
  expect(await page.getByText(COMMANDS_REFUSED).count()).toBe(0)
})

test('whoever restores is warned of a machine that takes no restores, not of another, and told of the folders of a policy', async () => {
  const visit = await lab.visit({ as: 'admin' })
  await openRestore(await visit.open(`/snapshots/${snapshotId}`))
  const dialog = visit.page.getByRole('dialog', { name: 'Restore' })
  await dialog.getByText(RESTORES_REFUSED).waitFor()
  await dialog.getByText('HOLDFAST_ALLOW_RESTORES=true').waitFor()
  expect(await findings(visit)).toEqual([])
  await dialog.getByRole('combobox', { name: 'Machine' }).click()
  await visit.page.getByRole('option', { name: 'kind' }).click()
  await expect.poll(() => dialog.getByText(RESTORES_REFUSED).count()).toBe(0)

  const policy = lab.place.path(`state of ${MACHINE}`, 'agent.yaml')
  writeFileSync(policy, 'commands:\n  fromServer: allow\npaths:\n  restore: [/srv/restored]\n', { mode: 0o600 })
  await toldOf(lab, strictId, (told) => told?.commands === 'allow')
  await openRestore(await visit.open(`/snapshots/${snapshotId}`))
  await dialog.getByText('This machine takes restores only to folders that its policy names').waitFor()
  await dialog.getByText('/srv/restored', { exact: true }).waitFor()
  expect(await findings(visit)).toEqual([])
  const page = await visit.open(`/clients/${strictId}`)
  await page.getByText('only to certain folders').waitFor()
  expect(visit.complaints).toEqual([])
})

async function openCommands(page: Page): Promise<void> {
  await page
    .getByRole('main')
    .getByRole('button', { name: /^Commands/ })
    .click()
}

async function openRestore(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Restore' }).click()
  await page.getByRole('dialog', { name: 'Restore' }).getByText('To a machine').click()
}

/** Waits until the server knows of a machine's policy what is wanted. */
async function toldOf(place: WebLab, clientId: number, isWanted: (policy: { readonly commands: string } | null) => boolean): Promise<void> {
  const admin = await place.person()
  await until('the policy', async () => (isWanted((await admin.call(`GET /api/v1/clients/${clientId}`)).body.policy) ? true : undefined))
}
