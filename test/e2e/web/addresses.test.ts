import { expect, test } from 'vitest'
import { findings } from './axe.ts'
import { labOfFile } from './web-lab.ts'

const lab = labOfFile()

test('addresses that lead nowhere say so within the navigation', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const { page } = visit
  const cases = [
    ['/nowhere/at/all', 'There is no such page'],
    ['/runs/99999999999999', 'There is no such run'],
    ['/runs/2147483648', 'There is no such run'],
    ['/plans/abc', 'There is no such plan'],
    ['/clients/0', 'There is no such client'],
    ['/clients/1e1/plans/new', 'There is no such client'],
    ['/snapshots/-1', 'There is no such snapshot'],
    ['/snapshots/1/diff/x', 'There is no such snapshot'],
    ['/repositories/%20', 'There is no such repository'],
  ] as const
  for (const [path, title] of cases) {
    await page.goto(lab.url + path)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    expect(await page.title(), path).toBe(`${title} · Holdfast`)
    expect(await page.getByRole('navigation', { name: 'Main' }).getByRole('link').count(), path).toBeGreaterThan(5)
    expect(await page.getByRole('main').count(), path).toBe(1)
  }
  expect(await findings(visit)).toEqual([])
  await page.getByRole('link', { name: 'To the overview' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  expect(visit.complaints).toEqual([])
})
