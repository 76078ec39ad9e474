import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../../../packages/server/test/system.ts'
import { labOfFile, PASSWORD } from './web-lab.ts'

let clientId: number
let planId: number
const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  empty.file('home/large', randomBytes(120_000_000))
  // Slow enough for something to happen meanwhile: half a minute, and more than the agent keeps in memory.
  const agent = await empty.addAgent('desk')
  clientId = agent.id
  const limits = { uploadBytesPerSecond: 4_000_000 }
  const { planId: made } = await empty.addPlan(clientId, [empty.place.path('home')], { limits })
  planId = made
})

test('a session that ends in the middle of a form costs nothing that was typed', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const { page } = visit
  // What asks who is there comes after the page, and may fail to: the page stays.
  const dialogFile = /\/assets\/session-ended-dialog-[^/]*\.js$/
  await page.route(dialogFile, (route) => route.abort())
  const failed = page.waitForEvent('requestfailed', (request) => dialogFile.test(request.url()))
  await page.goto('/account')
  await failed
  await page.unroute(dialogFile)
  await page.getByRole('tab', { name: /tokens/i }).click()
  await page.getByRole('button', { name: /new token|add a token|create a token|new api token/i }).click()
  await page.getByRole('textbox', { name: /name/i }).fill('nightly script')
  const admin = await lab.person()
  const { body: sessions } = await admin.call('GET /api/v1/me/sessions')
  for (const { id, isCurrent } of sessions as { id: number; isCurrent: boolean }[]) {
    if (!isCurrent) await admin.call(`DELETE /api/v1/me/sessions/${id}`)
  }
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /create|make/i })
    .click()
  const again = page.getByRole('dialog', { name: /session/i })
  await again
    .getByLabel(/password/i)
    .first()
    .fill(PASSWORD)
  await again.getByRole('button', { name: /sign in/i }).click()
  await again.waitFor({ state: 'hidden' })
  // Somebody is signed in again: the form no longer says that nobody is.
  await page.getByRole('dialog').getByRole('alert').waitFor({ state: 'detached' })
  expect(await page.getByRole('textbox', { name: /name/i }).inputValue()).toBe('nightly script')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /create|make/i })
    .click()
  await page.getByText('nightly script').first().waitFor()
  expect(visit.complaints).toEqual([])
})

test('the button of the account keeps the focus when its menu comes, which is opened once it can be', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const { page } = visit
  const menuFile = /\/assets\/account-choices-[^/]*\.js$/
  const come = Promise.withResolvers<void>()
  await page.route(menuFile, async (route) => {
    await come.promise
    await route.continue()
  })
  await page.goto('/account')
  const button = page.getByRole('button', { name: /account: admin$/i })
  await button.focus()
  const loaded = page.waitForResponse((response) => menuFile.test(response.url()))
  come.resolve()
  await loaded
  // The button that opens the menu is another one than the one before, and says which.
  const opener = page.locator('button[aria-expanded="false"]').and(button)
  await opener.waitFor()
  expect(await opener.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
  expect(visit.complaints).toEqual([])
})

test('what was found stays when the rest of it cannot be fetched, and comes when somebody tries again', async () => {
  for (let index = 0; index < 130; index++) lab.file(`pages/page-${String(index).padStart(3, '0')}`, 'x')
  await lab.backUp(clientId, [lab.place.path('pages')], { name: 'Pages' })
  const visit = await lab.visit({ as: 'admin' })
  const { page } = visit
  await page.route(/\/api\/v1\/files\?.*cursor=/, (route) => route.abort())
  const main = page.getByRole('main')
  await until('the index', async () => {
    await visit.open('/search?query=page-')
    return (await main.getByText('100 or more found').count()) > 0 ? true : undefined
  })
  const found = page.getByRole('region', { name: 'Files found' })
  await found.focus()
  await page.keyboard.press('End')
  await main.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 60_000 })
  await main.getByText('100 or more found').waitFor()
  await found.getByRole('listitem').first().waitFor()
  await page.unroute(/\/api\/v1\/files\?.*cursor=/)
  await main.getByRole('button', { name: 'Try again' }).click()
  await main.getByText('130 found').waitFor()
  expect(visit.complaints).toEqual([])
}, 120_000)

test('live progress goes on by itself after the server was away', async () => {
  const admin = await lab.person()
  const { body: run } = await admin.call(`POST /api/v1/plans/${planId}/run`)
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/runs/${run.id}`)
  // The value of the bar, as people who do not see it are told.
  const progress = (): Promise<number> => page.evaluate("Number(document.querySelector('[role=progressbar]')?.ariaValueNow ?? -1)")
  await until('progress', async () => ((await progress()) > 5 ? true : undefined), 40_000)
  await lab.server?.stop('SIGKILL')
  const before = await progress()
  await lab.startServer()
  const later = await until(
    'progress after the restart',
    async () => {
      const now = await progress()
      return now > before || (await isFinished(page)) ? now : undefined
    },
    60_000,
  )
  expect(later).toBeGreaterThan(before)
  await until('the end', async () => ((await isFinished(page)) ? true : undefined), 120_000)
  // Nobody has loaded the page anew.
  expect(await page.evaluate('performance.getEntriesByType("navigation").length')).toBe(1)
  expect(visit.complaints).toEqual([])
}, 240_000)

test('a dialog whose code cannot be had leaves the page as it is, and opens when it can', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/clients')
  const dialogFile = /\/assets\/add-client-dialog-[^/]*\.js$/
  await page.route(dialogFile, (route) => route.abort())
  const add = page.getByRole('main').getByText('Add a client', { exact: true })
  await add.click()
  await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor()
  await page.getByRole('heading', { level: 1, name: 'Clients' }).waitFor()
  await page.waitForURL((url) => !url.searchParams.has('add'))
  await page.unroute(dialogFile)
  await add.click()
  await page.getByRole('dialog').getByRole('textbox').first().waitFor()
  expect(visit.complaints).toEqual([])
})

async function isFinished(page: Page): Promise<boolean> {
  return (await page.getByRole('main').getByText('Finished', { exact: true }).count()) > 0
}
