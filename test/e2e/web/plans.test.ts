import { describe, expect, test } from 'vitest'
import { labOfFile } from './web-lab.ts'

/** Pages take their time on a busy machine. */
const PATIENCE = { timeout: 15_000 }

let clientId: number
let folder: string

const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  empty.file('home/ann/documents/report.txt', 'report'.repeat(5000))
  empty.file('home/ann/documents/node_modules/index.js', 'module'.repeat(9000))
  folder = empty.place.path('home/ann')
  await empty.addUser('victor', 'viewer')
  clientId = (await empty.addAgent('desk')).id
})

describe('a plan', () => {
  test('is made with what it takes and when it runs in view, and runs at once', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/clients/${clientId}/plans/new`)
    const main = page.getByRole('main')
    await main.getByRole('button', { name: 'Create plan' }).click()
    await main.getByText('Choose at least one folder or file.').first().waitFor()

    await main.getByText('Type paths').click()
    await main.getByRole('textbox', { name: 'Folders and files' }).fill(folder)
    await main.getByLabel('Leave out', { exact: true }).fill('node_modules')
    await main.getByRole('button', { name: 'Count files' }).click()
    await main.getByText('Largest folders').waitFor()
    await main.getByText('29.3 KiB').first().waitFor()
    await main.getByText('52.7 KiB').first().waitFor()

    await main.getByText('Weekly', { exact: true }).click()
    await main.getByText('Sat', { exact: true }).click()
    await main.getByText(/^Every Monday, .*, and Saturday at 02:30 \(Europe\/Berlin\)/).waitFor()
    const times = main.getByRole('list', { name: 'Next runs' }).getByRole('listitem')
    await expect.poll(() => times.allTextContents()).toEqual(Array.from({ length: 5 }, () => expect.stringMatching(/02:30in /)))
    await main.getByRole('textbox', { name: 'Name' }).fill('Ann’s documents')
    await main.getByRole('button', { name: 'Create and run now' }).click()
    await page.waitForURL(/\/runs\/\d+$/)

    const admin = await lab.person()
    const [plan] = (await admin.call(`GET /api/v1/clients/${clientId}/plans`)).body
    expect(plan).toMatchObject({
      name: 'Ann’s documents',
      selection: { paths: [folder], excludes: ['node_modules'], excludeCaches: true },
      schedule: { cron: '30 2 * * 1,2,3,4,5,6', timeZone: 'Europe/Berlin' },
      lastRun: { state: expect.any(String) },
    })
    expect(visit.complaints).toEqual([])
  })

  test('shows what a retention would take before it is saved, and guards what is not', async () => {
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Kept for long' })
    for (let run = 0; run < 3; run++) await lab.runPlan(planId)
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/plans/${planId}`)
    const main = page.getByRole('main')
    await main.getByText('All 3 snapshots stay').waitFor()
    await main.getByText('Set limits').click()
    for (const field of ['Days', 'Weeks', 'Months']) await main.getByLabel(field, { exact: true }).fill('')
    await main.getByLabel('Newest snapshots').fill('1')
    await main.getByText('2 snapshots would go, 1 stay').waitFor()

    await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
    await page.getByRole('dialog').getByText('What you have changed here is lost.').waitFor()
    await page.getByRole('dialog').getByText('Stay', { exact: true }).click()
    await main.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('The plan is saved').waitFor()
    expect(await main.getByRole('button', { name: 'Save changes' }).isDisabled()).toBe(true)
    const admin = await lab.person()
    expect((await admin.call(`GET /api/v1/plans/${planId}`)).body.retention).toEqual({ versions: 1 })

    await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
    await page.waitForURL(/\/runs$/)
    expect(visit.complaints).toEqual([])
  })

  test('says at the field what the server refuses', async () => {
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Refused' })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/plans/${planId}`)
    const main = page.getByRole('main')
    await main.getByText('Cron', { exact: true }).click()
    const expression = main.getByRole('textbox', { name: 'Cron expression' })
    await expression.fill('often')
    await expect.poll(() => expression.getAttribute('aria-invalid'), PATIENCE).toBe('true')
    await main.getByText('it takes five or six fields, or a name such as @daily').waitFor()
    await expression.fill('0 5 * * *')
    await main.getByLabel('Leave out', { exact: true }).fill('*.tmp\n[a')
    await main.getByRole('button', { name: 'Save changes' }).click()
    await expect.poll(() => main.getByLabel('Leave out', { exact: true }).getAttribute('aria-invalid'), PATIENCE).toBe('true')
    await main.getByRole('button', { name: 'Discard' }).click()
    expect(await main.getByLabel('Leave out', { exact: true }).inputValue()).toBe('')
    expect(visit.complaints).toEqual([])
  })

  test('is switched off by keyboard in the list, and deleted', async () => {
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Short-lived' })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open('/plans?search=short')
    const onOff = page.getByRole('switch', { name: 'Short-lived runs by schedule' })
    await onOff.focus()
    await page.keyboard.press('Space')
    const admin = await lab.person()
    await expect.poll(async () => (await admin.call(`GET /api/v1/plans/${planId}`)).body.isEnabled).toBe(false)
    await expect.poll(() => onOff.isChecked()).toBe(false)
    await page.getByRole('link', { name: 'Short-lived' }).press('Enter')
    await page.getByRole('button', { name: 'Delete plan' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete plan' }).click()
    await page.waitForURL(/\/plans$/)
    expect((await admin.call(`GET /api/v1/plans/${planId}`)).status).toBe(404)
    await expect.poll(() => page.getByRole('link', { name: 'Short-lived' }).count()).toBe(0)
    expect(visit.complaints).toEqual([])
  })

  test('can be looked at by a viewer, and not changed', async () => {
    const admin = await lab.person()
    const { body: users } = await admin.call('GET /api/v1/users')
    const { id: ownerId } = users.find(({ username }: { username: string }) => username === 'victor')
    const { body: client } = await admin.call('POST /api/v1/clients', { name: 'victors', ownerId })
    const { planId } = await lab.addPlan(client.id, ['/srv'], { name: 'Watched' })
    const visit = await lab.visit({ as: 'victor' })
    const page = await visit.open(`/plans/${planId}`)
    const main = page.getByRole('main')
    await main.getByText('You can look at this plan, and not change it.').waitFor()
    for (const name of ['Run now', 'Delete plan', 'Count files', 'Save changes']) {
      expect([name, await main.getByRole('button', { name }).count()]).toEqual([name, 0])
    }
    expect(await main.getByRole('textbox', { name: 'Name' }).getAttribute('readonly')).not.toBeNull()
    expect(await main.getByRole('switch', { name: 'Run by schedule' }).isDisabled()).toBe(true)
    const list = await visit.open('/plans')
    await list.getByRole('link', { name: 'Watched' }).waitFor()
    expect(await list.getByRole('main').getByRole('listitem').count()).toBe(1)
    expect(await list.getByRole('switch', { name: 'Watched runs by schedule' }).isDisabled()).toBe(true)
    expect(visit.complaints).toEqual([])
  })
})
