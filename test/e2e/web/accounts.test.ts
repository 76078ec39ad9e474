import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TOTP, URI } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labOfFile, PASSWORD, type Visit } from './web-lab.ts'

const lab = labOfFile(async (empty) => {
  await empty.addUser('ann', 'operator')
  await empty.addUser('victor', 'viewer')
})

async function signIn(page: Page, username: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

describe('signing in', () => {
  test('leads to where one wanted to be, and never elsewhere', async () => {
    const visit = await lab.visit()
    const page = await visit.open('/administration/notifications')
    await page.waitForURL(/\/sign-in\?returnTo=/)
    await signIn(page, 'ann', 'not the password')
    await page.getByRole('alert').getByText('User name or password is wrong').waitFor()
    await signIn(page, 'ann')
    await page.waitForURL(/\/administration\/notifications$/)
    await page.goto('/sign-in?returnTo=//elsewhere.example/')
    await signIn(page, 'ann')
    await page.waitForURL(`${lab.url}/`)
    expect(visit.complaints).toEqual([])
  })

  test('says for how long it is locked after too many wrong passwords', async () => {
    await lab.addUser('guessed', 'viewer')
    const visit = await lab.visit()
    const attempt = (): Promise<unknown> =>
      visit.page.request.post('/api/v1/session', { data: { username: 'guessed', password: 'a guess' } })
    for (let count = 0; count < 10; count += 1) await attempt()
    const page = await visit.open('/sign-in')
    await signIn(page, 'guessed')
    await page
      .getByRole('alert')
      .getByText(/locked for 1[45] minutes/)
      .waitFor()
  })

  test('asks for the second factor once there is one, and takes recovery codes', async () => {
    const visit = await lab.visit({ as: 'ann' })
    const codes = await setUpSecondFactor(await visit.open('/account'))
    expect(codes).toHaveLength(10)
    const later = await lab.visit()
    const page = await later.open('/sign-in')
    await signIn(page, 'ann')
    await page.getByRole('button', { name: 'I do not have my authenticator' }).click()
    await page.getByLabel('Recovery code').fill('never-was-a-code')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').getByText('The recovery code is wrong').waitFor()
    await page.getByLabel('Recovery code').fill(codes[0] ?? '')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(`${lab.url}/`)
    await later.open('/account')
    await page.getByText('9 recovery codes left').waitFor()
    expect([...visit.complaints, ...later.complaints]).toEqual([])
  })
})

/** Goes all the way with an authenticator of its own. Gives the recovery codes. */
async function setUpSecondFactor(page: Page): Promise<readonly string[]> {
  await page.getByRole('button', { name: 'Set up' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Current password').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Continue' }).click()
  const url = await dialog.getByRole('link', { name: 'Open in an app on this device' }).getAttribute('href')
  const authenticator = URI.parse(url ?? '')
  if (!(authenticator instanceof TOTP)) expect.fail('it is no authenticator of times')
  await dialog.getByRole('textbox', { name: 'Code' }).fill(authenticator.generate())
  await dialog.getByRole('button', { name: 'Turn on' }).click()
  await dialog.getByText('Each opens your account once').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Download' }).click()])
  expect(download.suggestedFilename()).toBe('holdfast-recovery-codes.txt')
  const codes = await dialog.getByRole('listitem').allTextContents()
  await dialog.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('10 recovery codes left').waitFor()
  return codes
}

test('a default retention that is not saved is not left unasked, and is kept once it is', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/account?tab=preferences')
  const main = page.getByRole('main')
  const dialog = page.getByRole('dialog')
  await main.getByRole('radio', { name: 'Set limits' }).check()
  await main.getByLabel('Days', { exact: true }).fill('9')
  const ways = [page.getByRole('link', { name: 'Runs', exact: true }).first(), main.getByRole('tab').first()]
  for (const way of ways) {
    await way.click()
    await dialog.getByText('What you have changed here is lost.').waitFor()
    await dialog.getByText('Stay', { exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await main.getByLabel('Days', { exact: true }).inputValue()).toBe('9')
  }
  await main.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Default retention saved').waitFor()
  const admin = await lab.person()
  expect((await admin.call('GET /api/v1/me')).body.retention).toMatchObject({ daily: 9 })
  await main.getByLabel('Days', { exact: true }).fill('3')
  await main.getByRole('button', { name: 'Discard' }).click()
  expect(await main.getByLabel('Days', { exact: true }).inputValue()).toBe('9')
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
  await page.waitForURL(/\/runs$/)
  expect(visit.complaints).toEqual([])
})

test('an API token is shown once, works, and is refused once it is revoked', async () => {
  const visit = await lab.visit({ as: 'victor' })
  const page = await visit.open('/account?tab=tokens')
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('Name').fill('prometheus')
  await page.getByRole('button', { name: 'Make token' }).click()
  const token = (await page.getByRole('dialog').locator('pre').textContent()) ?? ''
  const status = async (): Promise<number> => (await fetch(`${lab.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status
  expect(await status()).toBe(200)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  expect(await page.content()).not.toContain(token)
  await page.getByRole('button', { name: 'Revoke the token prometheus' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByText('No tokens yet').waitFor()
  expect(await status()).toBe(401)
  expect(visit.complaints).toEqual([])
})

describe('administrators', () => {
  let visit: Visit
  beforeAll(async () => {
    visit = await lab.visit({ as: 'admin' })
  })

  test('add a user with a password that was made up, who can sign in with it', async () => {
    const page = await visit.open('/administration/users')
    await page.getByRole('button', { name: 'Add user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('User name').fill('zoe')
    await dialog.getByRole('button', { name: 'Make one up' }).click()
    await dialog.getByRole('button', { name: 'Add user' }).click()
    const password = (await dialog.locator('pre').textContent()) ?? ''
    // What is shown only once is not gone by a slip of the hand.
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'Done' }).click()
    const own = await lab.visit()
    await signIn(await own.open('/sign-in'), 'zoe', password)
    await own.page.waitForURL(`${lab.url}/`)
    expect(visit.complaints).toEqual([])
  })

  test('delete a user whose clients somebody else takes over', async () => {
    await lab.addUser('leaver', 'operator')
    const leaver = await lab.person('leaver')
    for (const name of ['desk', 'mail']) await leaver.call('POST /api/v1/clients', { name })
    const page = await visit.open('/administration/users')
    await page.getByRole('button', { name: 'Actions for leaver' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('2 clients belong to this user').waitFor()
    await dialog.getByLabel('New owner').selectOption({ label: 'zoe' })
    await dialog.getByRole('button', { name: 'Hand over and delete' }).click()
    await dialog.waitFor({ state: 'hidden' })
    const admin = await lab.person()
    const users = (await admin.call('GET /api/v1/users')).body as { readonly id: number; readonly username: string }[]
    expect(users.map(({ username }) => username)).not.toContain('leaver')
    const zoe = users.find(({ username }) => username === 'zoe')?.id
    expect((await admin.call(`GET /api/v1/clients?ownerId=${zoe}`)).body.items).toHaveLength(2)
  })

  test('read in sentences what was done, and find it again by the address of the page', async () => {
    const page = await visit.open('/administration/audit')
    await page.getByText('admin deleted user leaver', { exact: true }).waitFor()
    await page.getByLabel('What').selectOption({ label: 'User deleted' })
    await page.waitForURL(/action=user.removed/)
    await page.getByText('admin added user zoe as operator').waitFor({ state: 'hidden' })
    await page.reload()
    await page.getByRole('button', { name: 'Details: admin deleted user leaver' }).click()
    await page.getByText('username: "leaver"').waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('see what the server runs with, and no secret', async () => {
    const page = await visit.open('/administration/settings?set=yes')
    const network = page.getByRole('region', { name: 'Network' })
    await network.getByText('HOLDFAST_PORT').waitFor()
    await page.getByText('set (secret)').first().waitFor()
    expect(await page.content()).not.toContain(PASSWORD)
  })
})

describe('notifications', () => {
  let receiver: Server
  let isAway = true
  const bodies: string[] = []
  beforeAll(async () => {
    receiver = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += String(piece)
      bodies.push(body)
      response.writeHead(isAway ? 503 : 200).end()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => receiver?.close())

  test('are tested with what the receiver says', async () => {
    const visit = await lab.visit({ as: 'admin' })
    const page = await visit.open('/administration/notifications')
    await page.getByRole('button', { name: 'Add channel' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill('Chat')
    await dialog.getByLabel('Webhook').check()
    await dialog.getByRole('button', { name: 'Add channel' }).click()
    await dialog.getByText('This is no URL').waitFor()
    expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true')
    await dialog.getByLabel('URL', { exact: true }).fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`)
    await dialog.getByRole('button', { name: 'Make one up' }).click()
    await dialog.getByRole('button', { name: 'Add channel' }).click()
    await page.getByRole('button', { name: 'Send a test to Chat' }).click()
    await page.getByText('it answered 503').waitFor()
    isAway = false
    await page.getByRole('button', { name: 'Send a test to Chat' }).click()
    await page.getByText('The test message was taken').waitFor()
    expect(bodies.map((body) => JSON.parse(body).event)).toEqual(['test', 'test'])
    expect(visit.complaints).toEqual([])
  })
})
