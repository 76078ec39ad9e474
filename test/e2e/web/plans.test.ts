import type { Page } from 'playwright-core'
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

/** The label of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate('(({ activeElement: field }) => field.ariaLabel ?? field.labels?.[0]?.textContent.replace(/[ *]+$/, ""))(document)')
}

describe('a plan', () => {
  test('is made with what it takes and when it runs in view, and runs at once', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/clients/${clientId}/plans/new`)
    const main = page.getByRole('main')
    await main.getByRole('button', { name: 'Create plan' }).click()
    await main.getByText('Choose at least one folder or file.').first().waitFor()
    expect(await focused(page)).toBe('Folders and files')

    await main.getByText('Type paths').click()
    await main.getByRole('textbox', { name: 'Folders and files' }).fill(folder)
    await main.getByText('Choose at least one folder or file.').first().waitFor({ state: 'detached' })
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

  test('is there, and shown, when it cannot be run at once, which is said', async () => {
    const admin = await lab.person()
    const resting = (await admin.call('POST /api/v1/clients', { name: 'resting' })).body.id
    expect((await admin.call(`PATCH /api/v1/clients/${resting}`, { isDisabled: true })).status).toBe(200)
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/clients/${resting}/plans/new`)
    const main = page.getByRole('main')
    await main.getByText('Type paths').click()
    await main.getByRole('textbox', { name: 'Folders and files' }).fill(folder)
    await main.getByRole('textbox', { name: 'Name' }).fill('Resting')
    await main.getByRole('button', { name: 'Create and run now' }).click()
    await page.waitForURL(/\/plans\/\d+$/)
    await page.getByRole('heading', { level: 1, name: 'Resting' }).waitFor()
    await page.getByText('The plan is made, but could not be run now').waitFor()
    await page.getByText(/Cannot run plan \d+: its client.* is disabled/).waitFor()
    expect((await admin.call(`GET /api/v1/clients/${resting}/plans`)).body).toHaveLength(1)
    expect(visit.complaints).toEqual([])
  })

  test('says that repositories could not be loaded, and offers them after another try', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const { page } = visit
    const main = page.getByRole('main')
    await page.route(/\/api\/v1\/repositories$/, (route) => route.abort())
    await page.goto(`/clients/${clientId}/plans/new`)
    await main.getByText('These could not be loaded: Cannot reach the server').waitFor({ timeout: 60_000 })
    const again = main.getByRole('alert').getByRole('button', { name: 'Try again' })
    await again.click()
    // It takes seconds to be sure: whoever waits keeps the place where they were.
    await expect.poll(() => again.getAttribute('aria-disabled')).toBe('true')
    expect(await again.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true)
    await page.unroute(/\/api\/v1\/repositories$/)
    await main.getByText('These could not be loaded').waitFor({ state: 'detached' })
    expect(await main.getByLabel('Repository').locator('option').allTextContents()).toEqual([expect.stringContaining('Main')])
    expect(visit.complaints).toEqual([])
  })

  test('says that it could not find out which retention it inherits, and finds it out when it is tried again', async () => {
    const planId = (await lab.addPlan(clientId, [folder], { name: 'Inherits' })).planId
    const visit = await lab.visit({ as: 'admin' })
    const { page } = visit
    await page.route('**/api/v1/plans/retention-preview', (route) => route.abort())
    await page.goto(`/plans/${planId}`)
    const main = page.getByRole('main')
    const alert = main.getByRole('alert').filter({ hasText: 'What is inherited could not be found out' })
    await alert.getByText('Cannot reach the server').first().waitFor({ timeout: 60_000 })
    expect(await main.getByText(/keeps everything/i).count()).toBe(0)
    await main.getByRole('radio', { name: 'Keep everything' }).check()
    await alert.waitFor({ state: 'detached' })
    await main.getByRole('radio', { name: 'Inherit' }).check()
    await page.unroute('**/api/v1/plans/retention-preview')
    // What happens elsewhere has it read anew as well: then there is nothing left to press.
    const again = alert.getByRole('button', { name: 'Try again' })
    await Promise.any([again.click(), alert.waitFor({ state: 'detached' })])
    await main.getByText('Nothing is set: keeps everything').waitFor()
    expect(await main.getByRole('alert').count()).toBe(1)
    expect(visit.complaints).toEqual([])
  })

  test('that could not read everything, or whose client is disabled, is not shown as if all was well', async () => {
    const schedule = { cron: '30 0 * * *', timeZone: 'Asia/Tokyo' }
    const { planId, runId } = await lab.backUp(clientId, [folder, `${folder}/nowhere`, '/gone'], { name: 'Partly', schedule })
    const visit = await lab.visit({ as: 'admin', viewport: { width: 360, height: 740 } })
    let page = await visit.open('/plans?search=Partly')
    const row = page.getByRole('listitem').filter({ hasText: 'Partly' })
    await row.getByText('2 problems').waitFor()
    await row.getByText('Every day at 00:30 (Asia/Tokyo)').waitFor()
    expect(await row.getByText('Finished').count()).toBe(0)
    page = await visit.open(`/runs?planId=${planId}&clientId=${clientId}`)
    await page.getByRole('link', { name: /^2 problems/ }).waitFor()
    expect(await visit.overflow()).toBeLessThanOrEqual(0)
    page = await visit.open('/?attention=all')
    const concern = page.getByRole('listitem').filter({ hasText: '“Partly” on desk could not back up everything: 2 problems' })
    expect(await concern.getByRole('link', { name: 'See what happened' }).getAttribute('href')).toBe(`/runs/${runId}`)
    page = await visit.open(`/welcome?step=backup&client=${clientId}&run=${runId}`)
    await page.getByRole('heading', { name: 'Your first backup is made, but not of everything' }).waitFor()
    await page.getByRole('link', { name: '2 paths are not there or could not be read; the log names them.' }).waitFor()

    const admin = await lab.person()
    const disable = (isDisabled: boolean) => admin.call(`PATCH /api/v1/clients/${clientId}`, { isDisabled })
    expect((await disable(true)).status).toBe(200)
    for (const path of ['/plans?search=Partly', `/clients/${clientId}?tab=plans`, `/plans/${planId}`]) {
      page = await visit.open(path)
      await page.getByText('not planned: the client is disabled').first().waitFor()
      const runNow = page.getByRole('button', { name: 'Run now: Partly' })
      expect([path, await runNow.isDisabled()]).toEqual([path, true])
      expect(await runNow.getAttribute('title')).toBe('The client, or the user whom it belongs to, is disabled.')
    }
    expect((await disable(false)).status).toBe(200)
    expect(visit.complaints).toEqual([])
  })

  test('that waits for a machine that is off says so, and is no step that is done', async () => {
    const { planId } = await lab.backUp(clientId, [folder], { name: 'Done' })
    const admin = await lab.person()
    expect((await admin.call('GET /api/v1/setup')).body.hasFinishedBackup).toBe(true)
    const away = (await admin.call('POST /api/v1/clients', { name: `away ${'from home, '.repeat(17)}` })).body.id
    const waiting = await lab.addPlan(away, [folder], { name: 'Waiting' })
    const { id } = (await admin.call(`POST /api/v1/plans/${waiting.planId}/run`)).body
    const visit = await lab.visit({ as: 'admin', viewport: { width: 360, height: 740 } })
    let page = await visit.open(`/runs/${id}`)
    await page.getByText('The machine is not connected').waitFor()
    await page.getByText('Last heard of: never').waitFor()
    page = await visit.open(`/welcome?step=backup&client=${away}&run=${id}`)
    const step = page.getByRole('navigation', { name: 'Steps' }).getByRole('listitem').last()
    expect([await step.getAttribute('aria-current'), await step.getAttribute('data-state')]).toEqual(['step', 'current'])
    const done = (await admin.call(`GET /api/v1/plans/${planId}`)).body.lastRun.id
    page = await visit.open(`/welcome?step=backup&client=${clientId}&run=${done}`)
    await expect.poll(() => step.getAttribute('data-state')).toBe('done')
    page = await visit.open('/clients?search=away')
    const name = page.getByRole('list').getByRole('link', { name: /^away/ }).locator('bdi')
    const lines = (): Promise<number> =>
      name.evaluate((element) =>
        Math.round(element.clientHeight / Number.parseFloat(element.ownerDocument.defaultView?.getComputedStyle(element).lineHeight ?? '')),
      )
    expect(await lines()).toBe(2)
    // What waits is counted on every page.
    expect((await admin.call(`POST /api/v1/runs/${id}/cancel`)).status).toBe(200)
    expect(visit.complaints).toEqual([])
  })

  test('shows what becomes of a snapshot as soon as that is made', async () => {
    const planId = (await lab.addPlan(clientId, [folder], { name: 'Grows' })).planId
    await lab.runPlan(planId)
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/plans/${planId}`)
    await page.getByText('The one snapshot stays').waitFor()
    await page.getByRole('button', { name: /^Run now/ }).click()
    await page.getByText('All 2 snapshots stay').waitFor(PATIENCE)
    expect(visit.complaints).toEqual([])
  })

  test('is made once by two clicks, also while the page of the plan is still loaded', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/clients/${clientId}/plans/new`)
    const main = page.getByRole('main')
    await main.getByText('Type paths').click()
    await main.getByRole('textbox', { name: 'Folders and files' }).fill(folder)
    await main.getByRole('textbox', { name: 'Name' }).fill('Only once')
    let show = (): void => undefined
    const isShown = new Promise<void>((resolve) => {
      show = resolve
    })
    await page.route(/\/assets\/plan-page-[^/]*\.js$/, async (route) => {
      await isShown
      await route.continue()
    })
    const create = main.getByRole('button', { name: 'Create plan' })
    await create.evaluate((button: { click(): void }) => {
      button.click()
      button.click()
    })
    await page.getByText('The plan is made').waitFor()
    await create.evaluate((button: { click(): void }) => button.click())
    show()
    await page.waitForURL(/\/plans\/\d+$/)
    await main.getByRole('button', { name: 'Run now' }).waitFor()
    const admin = await lab.person()
    const { body: plans } = await admin.call(`GET /api/v1/clients/${clientId}/plans`)
    expect(plans.filter(({ name }: { name: string }) => name === 'Only once')).toHaveLength(1)
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
    await main.getByText('This is no cron expression: it has five or six parts').waitFor()
    await expression.fill('0 5 * * *')
    await main.getByLabel('Leave out', { exact: true }).fill('*.tmp\n[a')
    await main.getByRole('button', { name: 'Save changes' }).click()
    await expect.poll(() => main.getByLabel('Leave out', { exact: true }).getAttribute('aria-invalid'), PATIENCE).toBe('true')
    await main.getByRole('button', { name: 'Discard' }).click()
    expect(await main.getByLabel('Leave out', { exact: true }).inputValue()).toBe('')
    const largest = main.getByRole('textbox', { name: 'Leave out files larger than' })
    await largest.fill('-5')
    await main.getByText('Enter an amount of 0 or more, or nothing for no limit.').waitFor()
    await main.getByRole('button', { name: 'Save changes' }).click()
    await main.getByText('Not saved. Why stands at the end of the form.').waitFor()
    expect(await largest.inputValue()).toBe('-5')
    await largest.fill('1.5')
    for (const unit of ['GiB', 'B', 'TiB']) await main.getByLabel('Leave out files larger than: Unit').selectOption(unit)
    expect(await largest.inputValue()).toBe('1.5')
    await main.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('The plan is saved').waitFor()
    const admin = await lab.person()
    const { body: plan } = await admin.call(`GET /api/v1/plans/${planId}`)
    expect(plan.selection.excludeLargerThanBytes).toBe(1.5 * 1024 ** 4)
    expect(visit.complaints).toEqual([])
  })

  test('that is refused says so where the button is and leads to the field, until that is corrected', async () => {
    const visit = await lab.visit({ as: 'admin', viewport: { width: 360, height: 740 } })
    const page = await visit.open(`/clients/${clientId}/plans/new`)
    const main = page.getByRole('main')
    await main.getByText('Type paths').click()
    const paths = main.getByRole('textbox', { name: 'Folders and files' })
    await paths.fill('relative')
    const create = main.getByRole('button', { name: 'Create plan' })
    await create.click()
    const note = main.getByText('Not saved. Why stands at the end of the form.')
    await note.waitFor()
    await expect.poll(() => focused(page), PATIENCE).toBe('Folders and files')
    const refusal = main.getByText('Every path has to be absolute')
    await refusal.waitFor()
    const notice = main.getByRole('alert').filter({ hasText: 'The plan could not be saved' })
    expect(await notice.count()).toBe(1)
    await paths.fill(folder)
    for (const said of [refusal, notice, note]) await said.waitFor({ state: 'detached' })

    await main.getByText('Cron', { exact: true }).click()
    const expression = main.getByRole('textbox', { name: 'Cron expression' })
    await expression.fill('abc')
    await create.click()
    await note.waitFor()
    await expect.poll(() => focused(page), PATIENCE).toBe('Cron expression')
    await expression.fill('0 5 * * *')
    await main.getByRole('textbox', { name: 'Name' }).fill('')
    await create.click()
    await main.getByText('Give the plan a name.').first().waitFor()
    expect(await notice.count()).toBe(0)
    expect(visit.complaints).toEqual([])
  })

  test('keeps what is typed while it is being saved', async () => {
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Typed' })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/plans/${planId}`)
    const name = page.getByRole('main').getByRole('textbox', { name: 'Name' })
    const { isSent, goOn } = await visit.held('PATCH', `/api/v1/plans/${planId}`)
    await name.fill('Typed on')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await isSent
    await name.fill('Typed on and on')
    goOn()
    await page.getByText('The plan is saved').waitFor()
    expect(await name.inputValue()).toBe('Typed on and on')
    await page.getByText('There are unsaved changes.').waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('shows what is stored once changes are discarded, also in a field that was emptied', async () => {
    const schedule = { cron: '15 4 * * *', timeZone: 'UTC', jitterSeconds: 0, catchUp: false }
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Put back', schedule })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/plans/${planId}`)
    const main = page.getByRole('main')
    const discard = main.getByRole('button', { name: 'Discard changes' })
    const time = main.getByLabel('Time of day')
    await time.fill('')
    await main.getByText('Enter a time. Until then it stays 04:15.').waitFor()
    await main.getByRole('textbox', { name: 'Name' }).fill('Other')
    await discard.click()
    await discard.waitFor({ state: 'detached' })
    expect([await main.getByRole('textbox', { name: 'Name' }).inputValue(), await time.inputValue()]).toEqual(['Put back', '04:15'])
    expect(await main.getByText('Enter a time.').count()).toBe(0)
    await main.getByText('Cron', { exact: true }).click()
    await main.getByRole('textbox', { name: 'Cron expression' }).fill('0 5 * * *')
    await discard.click()
    await discard.waitFor({ state: 'detached' })
    expect(await main.getByRole('radio', { name: 'Daily' }).isChecked()).toBe(true)
    expect(visit.complaints).toEqual([])
  })

  test('that could not be saved says so where the button is, and is saved once it can be', async () => {
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Away for a while' })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open(`/plans/${planId}`)
    const main = page.getByRole('main')
    await main.getByRole('textbox', { name: 'Name' }).fill('Back again')
    await page.route(`**/api/v1/plans/${planId}`, (route) => (route.request().method() === 'PATCH' ? route.abort() : route.continue()))
    await main.getByRole('button', { name: 'Save changes' }).click()
    const note = main.getByText('Not saved. Why stands at the end of the form.')
    await note.waitFor()
    expect(((await note.boundingBox())?.y ?? Number.POSITIVE_INFINITY) < (page.viewportSize()?.height ?? 0)).toBe(true)
    await page.unroute(`**/api/v1/plans/${planId}`)
    await main.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('The plan is saved').waitFor()
    expect(await note.count()).toBe(0)
  })

  test('is switched off by keyboard in the list, and deleted', async () => {
    const { planId } = await lab.addPlan(clientId, [folder], { name: 'Short-lived' })
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open('/plans?search=short')
    const onOff = page.getByRole('switch', { name: 'Short-lived runs by schedule' })
    await page.route(`**/api/v1/plans/${planId}`, (route) => route.abort())
    await onOff.press('Space')
    await page.getByText('The schedule of the plan “Short-lived” could not be switched on or off').waitFor()
    await page.unroute(`**/api/v1/plans/${planId}`)
    await expect.poll(() => onOff.isChecked()).toBe(true)
    await onOff.press('Space')
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
