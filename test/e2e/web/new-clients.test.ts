import { expect, test } from 'vitest'
import { findings } from './axe.ts'
import { labOfFile } from './web-lab.ts'

const lab = labOfFile((empty) => empty.addRepository())

test('the overview leads back to the first steps where they were left, until something is planned', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/welcome')
  await page.getByRole('button', { name: 'Protect this machine' }).click()
  await page.getByRole('heading', { name: 'What shall be protected?' }).waitFor()
  await visit.open('/')
  await page.getByText('A client is there, but no plan').waitFor()
  expect(await findings(visit)).toEqual([])
  await page.getByRole('link', { name: 'Go on with the first backup' }).click()
  await page.getByRole('heading', { name: 'What shall be protected?' }).waitFor()
  const admin = await lab.person()
  const { items } = (await admin.call('GET /api/v1/clients')).body
  expect(items).toHaveLength(1)
  await lab.addPlan(items[0].id, [lab.place.path('home')])
  await visit.open('/')
  await page.getByRole('heading', { name: 'Clients', level: 2 }).waitFor()
  expect(await page.getByRole('link', { name: 'Go on with the first backup' }).count()).toBe(0)
  expect(visit.complaints).toEqual([])
})

test('a client that has just been added needs nobody yet, and the overview says so in all its places', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/')
  await page.getByText('Nothing needs you').waitFor()
  await page.getByText('1 new client waits for its first backup.').waitFor()
  const figure = page.getByRole('link', { name: /Protected clients/ })
  expect(await figure.textContent()).toBe('Protected clients0 of 11 new, waits for its first backup')
  expect(await page.getByText(/needs? a look/).count()).toBe(0)
  expect(visit.complaints).toEqual([])
})
