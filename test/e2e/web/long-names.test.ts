import { expect, test } from 'vitest'
import { findings } from './axe.ts'
import { labOfFile } from './web-lab.ts'

const lab = labOfFile((empty) => empty.addRepository())
const NAME = `${'Everything that is on the large machine below the stairs, '.repeat(4).slice(0, 199)}!`

test('a name as long as it may be fills no page, and is whole where somebody looks at it', async () => {
  const admin = await lab.person()
  const client = (await admin.call('POST /api/v1/clients', { name: 'cellar' })).body
  const { planId } = await lab.addPlan(client.id, ['/etc'], { name: NAME })
  const visit = await lab.visit({ as: 'admin', viewport: { width: 800, height: 900 } })
  const page = await visit.open(`/plans/${planId}`)
  const heading = page.getByRole('heading', { level: 1, name: NAME })
  const lines = (): Promise<number> =>
    heading.evaluate((element) =>
      Math.round(element.clientHeight / Number.parseFloat(element.ownerDocument.defaultView?.getComputedStyle(element).lineHeight ?? '')),
    )
  expect(await lines()).toBe(2)
  expect(await heading.getAttribute('title')).toBe(NAME)
  await heading.focus()
  expect(await lines()).toBeGreaterThan(2)
  expect(await findings(visit)).toEqual([])
  expect(await visit.overflow()).toBeLessThanOrEqual(0)
  expect(visit.complaints).toEqual([])
})

test('an emptied time of day stays empty and says which one holds, and no day of the week is left alone', async () => {
  const admin = await lab.person()
  const client = (await admin.call('GET /api/v1/clients')).body.items[0]
  const schedule = { cron: '15 4 * * 1,0', timeZone: 'UTC', jitterSeconds: 0, catchUp: false }
  const { planId } = await lab.addPlan(client.id, ['/etc'], { name: 'Weekly', schedule })
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/plans/${planId}`)
  const time = page.getByLabel('Time of day')
  expect(await time.inputValue()).toBe('04:15')
  await time.fill('')
  await page.getByText('Enter a time. Until then it stays 04:15.').waitFor()
  expect(await time.inputValue()).toBe('')
  await time.fill('05:45')
  await page.getByText('Enter a time.').waitFor({ state: 'detached' })
  const days = page.getByRole('group', { name: 'Days of the week' }).locator('label')
  for (let width = 360; width <= 1280; width += 20) {
    await page.setViewportSize({ width, height: 900 })
    const tops = await days.evaluateAll((labels) => labels.map((label) => label.getBoundingClientRect().top))
    expect(tops.length).toBe(7)
    expect(tops.filter((top) => top === tops[6]).length, `at ${width}`).toBeGreaterThan(1)
  }
  expect(visit.complaints).toEqual([])
})
