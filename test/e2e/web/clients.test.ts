import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../../../packages/server/test/system.ts'
import { labOfFile } from './web-lab.ts'

const MANY = 500
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
  await page.getByRole('button', { name: 'Add a client' }).first().click()
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

test('what is typed while a client is being saved is still to be saved', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'typed' })).body
  const hooks = { pre: [{ line: 'true', timeoutSeconds: 60 }] }
  expect((await ann.call(`PATCH /api/v1/clients/${id}`, { settings: { hooks } })).status).toBe(200)
  const visit = await lab.visit({ as: 'ann' })
  for (const [tab, label, missing] of [
    ['settings', 'Name', 'This is needed.'],
    ['commands', 'Command 1', 'Type the command, or remove it.'],
  ] as const) {
    const page = await visit.open(`/clients/${id}?tab=${tab}`)
    const field = page.getByRole('main').getByRole('textbox', { name: label })
    const { isSent, goOn } = await visit.held('PATCH', `/api/v1/clients/${id}`)
    await field.fill('typed on')
    await page.getByRole('button', { name: 'Save' }).click()
    await isSent
    await field.fill('typed on and on')
    goOn()
    const notice = page.getByRole('alert').filter({ hasText: 'Saved' })
    await notice.waitFor()
    expect(await field.inputValue(), tab).toBe('typed on and on')
    // What is said in passing lies on nothing that is needed next.
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      const [said, bar] = [await notice.boundingBox(), await page.getByText('There are unsaved changes.').boundingBox()]
      expect((said?.y ?? 800) + (said?.height ?? 0), `at ${width}`).toBeLessThanOrEqual(bar?.y ?? 0)
    }
    await page.getByRole('button', { name: 'Discard changes' }).click()
    await expect.poll(() => field.inputValue(), { message: tab }).toBe('typed on')
    // What is wrong is said in words for as long as it is.
    await field.fill(' ')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => field.getAttribute('aria-invalid'), { message: tab }).toBe('true')
    await page.getByRole('main').getByText(missing).first().waitFor()
    await field.fill('typed again')
    await expect.poll(() => page.getByRole('main').getByText(missing).count(), { message: tab }).toBe(0)
    expect(await page.getByRole('main').getByText('Not saved.').count(), tab).toBe(0)
    await page.getByRole('button', { name: 'Discard changes' }).click()
  }
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

test('an agent is asked to replace its token, and that is said until it has', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'with a token' })).body
  const { token } = (await ann.call(`POST /api/v1/clients/${id}/token`)).body
  const visit = await lab.visit({ as: 'ann' })
  const page = await visit.open(`/clients/${id}?tab=access`)
  const button = page.getByRole('button', { name: 'Have the agent replace its token' })
  await button.click()
  await page.getByText('Asked for: the agent replaces its token').waitFor()
  await visit.open(`/clients/${id}?tab=access`)
  await page.getByText('Asked for: the agent replaces its token').waitFor()
  expect(await button.isDisabled()).toBe(true)

  const body = JSON.stringify({ hostname: 'desk', platform: 'linux', version: '1' })
  const asAgent = (by: string, path: string): Promise<Response> =>
    fetch(`${lab.url}/agent/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${by}`, 'content-type': 'application/json' },
      body,
    })
  expect(await (await asAgent(token, 'ping')).json()).toMatchObject({ rotateToken: true })
  const { token: next } = (await (await asAgent(token, 'token')).json()) as { token: string }
  expect((await asAgent(next, 'ping')).status).toBe(200)
  await page.getByText('The token was replaced.').waitFor()
  expect(await button.isEnabled()).toBe(true)

  // One that is given by hand ends what was asked for, and is no replacement.
  await button.click()
  await page.getByText('Asked for: the agent replaces its token').waitFor()
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'New token' }).click()
  await page.getByText('It is shown this once.').waitFor()
  await page.getByText('It takes a new one by itself.').waitFor()
  expect(await page.getByText('The token was replaced.').count()).toBe(0)
  expect(visit.complaints).toEqual([])
})

test('that an agent is to replace its token is said although nothing more is heard of its client', async () => {
  const ann = await lab.person('ann')
  const { id } = (await ann.call('POST /api/v1/clients', { name: 'unheard' })).body
  await ann.call(`POST /api/v1/clients/${id}/token`)
  const visit = await lab.visit({ as: 'ann' })
  const page = await visit.open(`/clients/${id}?tab=access`)
  await page.route(`**/api/v1/clients/${id}`, (route) => route.abort())
  const button = page.getByRole('button', { name: 'Have the agent replace its token' })
  await button.click()
  await page.getByText('Asked for: the agent replaces its token').waitFor()
  expect(await button.isDisabled()).toBe(true)
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

test('that the retention of the owner could not be found out is said, not that there is none', async () => {
  const admin = await lab.person()
  const users: { readonly id: number; readonly username: string }[] = (await admin.call('GET /api/v1/users')).body
  const ownerId = users.find(({ username }) => username === 'ann')?.id
  expect((await admin.call(`PATCH /api/v1/users/${ownerId}`, { retention: { versions: 3 } })).status).toBe(200)
  const { id } = (await admin.call('POST /api/v1/clients', { name: 'of somebody', ownerId })).body
  const visit = await lab.visit({ as: 'admin' })
  const { page } = visit
  await page.route(/\/api\/v1\/users$/, (route) => route.abort())
  await page.goto(`/clients/${id}?tab=settings`)
  const main = page.getByRole('main')
  const alert = main.getByRole('alert').filter({ hasText: 'What is inherited could not be found out' })
  await alert.waitFor({ timeout: 60_000 })
  expect(await main.getByText('Nothing is set').count()).toBe(0)
  await page.unroute(/\/api\/v1\/users$/)
  await alert.getByRole('button', { name: 'Try again' }).click()
  await main.getByText('From the owner: keeps the newest 3 snapshots').waitFor()
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
  expect(await page.getByRole('button', { name: 'Add a client' }).count()).toBe(0)
  for (const tab of ['settings', 'access', 'commands', 'plans']) {
    await visit.open(`/clients/${id}?tab=${tab}`)
    expect(await page.getByRole('button', { name: /Save|Delete|Disable|Revoke|New token|Enrol|Bring|Add/ }).count(), tab).toBe(0)
  }
  // What would be refused is not offered, or said.
  await visit.open(`/clients/${id}?tab=files`)
  expect(await page.getByRole('tab', { name: 'Files' }).count()).toBe(0)
  expect(await page.getByRole('tab', { name: 'Overview' }).getAttribute('aria-selected')).toBe('true')
  await visit.open(`/clients/${id}/plans/new`)
  await page.getByText('Your role does not allow making plans.').waitFor()
  expect(await page.getByRole('main').getByRole('textbox').count()).toBe(0)
})

test('hundreds of clients scroll without blanks, by the mouse and by the keyboard', async () => {
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
  await list.getByText(`machine-0${MANY - 1}`).waitFor()
  await until('all', async () => ((await page.getByText(`${MANY} clients`).count()) > 0 ? true : undefined))
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
