import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../../../packages/server/test/system.ts'
import { labOfFile } from './web-lab.ts'

const MANY = 1100
/** Names may hold what turns the direction of all that follows. */
const MISLEADING = 'desk <b>\u202Egnp.exe'

const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  await empty.addUser('ann', 'operator')
  await empty.addUser('victor', 'viewer')
})

test('a machine comes in by the one command that the page shows, and the page notices', async () => {
  const visit = await lab.visit({ as: 'ann', permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await visit.open('/clients')
  await page.getByText('No machine is backed up yet').waitFor()
  await page.getByRole('button', { name: 'Add a machine' }).first().click()
  await page.getByLabel('Name of the machine').fill('laptop')
  await page.keyboard.press('Enter')
  await page.getByText('Waiting for the machine').waitFor()
  await page.getByRole('button', { name: /^Copy/ }).click()
  const command = await page.evaluate<string>('navigator.clipboard.readText()')
  const [, url = '', code = ''] = /^holdfast agent enrol (\S+) (\S+) && holdfast agent$/.exec(command) ?? []
  expect(url).toBe(lab.url)
  const came = await lab.place.run(['agent', 'enrol', url, code], { HOLDFAST_AGENT_STATE: lab.place.path('state of laptop') })
  expect(came.code, came.errors).toBe(0)
  await page.getByText('The machine is in').waitFor()
  await page.getByRole('link', { name: 'Open the client' }).click()
  await page.getByRole('heading', { level: 1, name: 'laptop' }).waitFor()
  await page.getByRole('link', { name: 'Add a plan' }).waitFor()
  expect(visit.complaints).toEqual([])
})

test('settings are kept, what is unsaved can be discarded, and the log is found by its address', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'server' })).body
  const visit = await lab.visit({ as: 'ann' })
  const page = await visit.open(`/clients/${id}?tab=settings`)
  await page.getByLabel('Overdue after').fill('36')
  await page.getByLabel('Upload at most').fill('1.5')
  await page.getByRole('button', { name: 'Add quiet hours' }).click()
  await page.getByText('Mon', { exact: true }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  const { settings } = (await ann.call(`GET /api/v1/clients/${id}`)).body
  expect(settings).toMatchObject({
    overdueAfterHours: 36,
    limits: { uploadBytesPerSecond: 1_500_000, blackouts: [{ from: '22:00', to: '06:00', days: [1] }] },
  })
  await page.getByRole('textbox', { name: 'Name' }).fill('other')
  await page.getByRole('tab', { name: 'Logs' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).last().click()
  expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('other')
  await page.getByRole('button', { name: 'Discard changes' }).click()
  expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await page.getByRole('tab', { name: 'Logs' }).click()
  await page.getByLabel('Level').selectOption('error')
  await page.getByText('No line fits').waitFor()
  await page.waitForURL(/tab=logs&level=error|level=error&tab=logs/)
  await page.reload()
  expect(await page.getByLabel('Level').inputValue()).toBe('error')
  expect(visit.complaints).toEqual([])
})

test('what others change meanwhile is shown and is no change of the form, and whoever closes the page with one is asked', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'shared' })).body
  const visit = await lab.visit({ as: 'ann' })
  const page = await visit.open(`/clients/${id}?tab=settings`)
  const asked: string[] = []
  page.on('dialog', (dialog) => {
    asked.push(dialog.type())
    void dialog.accept()
  })
  const overdue = page.getByLabel('Overdue after')
  const { settings } = (await ann.call(`GET /api/v1/clients/${id}`)).body
  await ann.call(`PATCH /api/v1/clients/${id}`, { settings: { ...settings, overdueAfterHours: 77 } })
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await expect.poll(() => overdue.inputValue()).toBe('77 h')
  expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await overdue.click()
  await overdue.fill('78')
  await page.getByText('There are unsaved changes.').waitFor()
  await page.reload()
  expect(asked).toEqual(['beforeunload'])
  await expect.poll(() => overdue.inputValue()).toBe('77 h')
  expect(visit.complaints).toEqual([])
})

test('what somebody else has changed meanwhile stays, and what both have changed is asked about', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'both' })).body
  const visit = await lab.visit({ as: 'ann' })
  const page = await visit.open(`/clients/${id}?tab=settings`)
  const hooks = { pre: [{ line: 'sync', timeoutSeconds: 60 }], post: [], onFailure: [] }
  await page.getByLabel('Overdue after').fill('36')
  await ann.call(`PATCH /api/v1/clients/${id}`, { name: 'renamed', settings: { hooks, overdueAfterHours: 12 } })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').filter({ hasText: '“Overdue after”' }).waitFor()
  await page.getByRole('heading', { level: 1, name: 'renamed' }).waitFor()
  expect((await ann.call(`GET /api/v1/clients/${id}`)).body.settings.overdueAfterHours).toBe(12)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  const { name, settings } = (await ann.call(`GET /api/v1/clients/${id}`)).body
  expect({ name, settings }).toMatchObject({ name: 'renamed', settings: { hooks, overdueAfterHours: 36 } })
  expect(visit.complaints).toEqual([])
})

test('a code is made when somebody clicks, and by no address', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'outside' })).body
  const visit = await lab.visit({ as: 'ann' })
  const made: string[] = []
  visit.page.on('request', (request) => request.method() === 'POST' && made.push(new URL(request.url()).pathname))
  const page = await visit.open(`/clients/${id}?tab=access&enrol=1`)
  const dialog = page.getByRole('dialog')
  const show = dialog.getByRole('button', { name: 'Show the command' })
  await show.waitFor()
  expect(made).toEqual([])
  await show.click()
  await dialog.getByText('Waiting for the machine').waitFor()
  expect(made).toEqual([`/api/v1/clients/${id}/enrolment`])
  await page.reload()
  await show.waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Bring an agent in' }).click()
  await dialog.getByText('Waiting for the machine').waitFor()
  expect(made.length).toBe(2)
  expect(visit.complaints).toEqual([])
})

test('what is inherited is that of the owner who is chosen', async () => {
  const admin = await lab.person()
  const users: { readonly id: number; readonly username: string }[] = (await admin.call('GET /api/v1/users')).body
  const ann = users.find(({ username }) => username === 'ann')?.id
  expect((await admin.call(`PATCH /api/v1/users/${ann}`, { retention: { versions: 3 } })).status).toBe(200)
  const { id } = (await admin.call('POST /api/v1/clients', { name: 'handed over' })).body
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/clients/${id}?tab=settings`)
  const inherited = page.getByRole('main').getByText(/From the owner: /)
  expect(await inherited.count()).toBe(0)
  await page.getByLabel('Owner', { exact: true }).selectOption({ label: 'ann' })
  await inherited.first().waitFor()
  expect(visit.complaints).toEqual([])
})

test('whoever deletes a client is told its name as it is, and what stays', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: MISLEADING })).body
  const visit = await lab.visit({ as: 'ann' })
  const page = await visit.open(`/clients/${id}?tab=settings`)
  const heading = page.getByRole('heading', { level: 1 })
  expect(await heading.textContent()).toContain('desk <b>')
  expect(await heading.textContent()).not.toContain('\u202E')
  await page.route(/\/api\/v1\/snapshots\?/, (route) => route.abort())
  await page.getByRole('button', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 60_000 })
  await page.unroute(/\/api\/v1\/snapshots\?/)
  await dialog.getByRole('button', { name: 'Try again' }).click()
  await dialog.getByText('It has no snapshots.').waitFor()
  expect(await dialog.textContent()).toContain('U+202E')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await page.waitForURL(/\/clients$/)
  expect((await ann.call(`GET /api/v1/clients/${id}`)).status).toBe(404)
  expect(visit.complaints).toEqual([])
})

test('a viewer sees the settings of a client and nothing that changes them', async () => {
  const admin = await lab.person()
  const { items } = (await admin.call('GET /api/v1/users').then(({ body }) => ({ items: body }))) as {
    items: { id: number; username: string }[]
  }
  const ownerId = items.find(({ username }) => username === 'victor')?.id
  const { id } = (await admin.call('POST /api/v1/clients', { name: 'shown', ownerId })).body
  const visit = await lab.visit({ as: 'victor' })
  const page = await visit.open('/clients')
  expect(await page.getByRole('button', { name: 'Add a machine' }).count()).toBe(0)
  for (const tab of ['settings', 'access', 'commands', 'plans']) {
    await visit.open(`/clients/${id}?tab=${tab}`)
    expect(await page.getByRole('button', { name: /Save|Delete|Disable|Revoke|New token|Enrol|Bring|Add/ }).count(), tab).toBe(0)
  }
})

test('a thousand clients scroll without blanks, by the mouse and by the keyboard', async () => {
  const admin = await lab.person()
  const names = Array.from({ length: MANY }, (_, index) => `machine-${String(index).padStart(4, '0')}`)
  const add = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) await admin.call('POST /api/v1/clients', { name })
  }
  await Promise.all([add(), add(), add(), add()])
  const visit = await lab.visit({ as: 'admin', viewport: { width: 1280, height: 800 } })
  const page = await visit.open('/clients?search=machine-')
  const list = page.getByRole('region', { name: 'Clients' })
  await list.getByText('machine-0000').waitFor()
  await list.focus()
  await page.keyboard.press('End')
  await list.getByText('machine-0199').waitFor()
  const blanks = await scrollToEnd(page)
  expect(blanks).toBe(0)
  await list.getByText(`machine-${MANY - 1}`).waitFor()
  await until('all', async () => ((await page.getByText(`${MANY.toLocaleString('en')} clients`).count()) > 0 ? true : undefined))
  await page.getByLabel('Search', { exact: true }).fill('machine-0042')
  await until('the one', async () => ((await list.getByRole('link').count()) === 1 ? true : undefined))
  expect(visit.complaints).toEqual([])
})

/** Scrolls the list as fast as frames come until there is no more; gives how often nothing was to be seen in its middle. */
function scrollToEnd(page: Page): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const frame = document.querySelector('section[aria-label=Clients]')
    const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const box = frame.getBoundingClientRect()
    let blanks = 0
    for (let still = 0; still < 40; ) {
      const before = frame.scrollTop
      frame.scrollTop += 900
      await frames()
      still = frame.scrollTop === before ? still + 1 : 0
      if (document.elementFromPoint(box.left + 120, box.top + box.height / 2)?.closest('li') == null) blanks++
    }
    return blanks
  })()`)
}
