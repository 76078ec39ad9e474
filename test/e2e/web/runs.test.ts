import { expect, test } from 'vitest'
import { secureRandom } from '../../../packages/engine/src/index.ts'
import { labOfFile } from './web-lab.ts'

const LINES = 550
/** An agent hears at its next report that it shall stop. */
const HEARD_MS = 60_000

let clientId: number
let planId: number
let folder: string

const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  empty.file('home/ann/report.txt', 'report'.repeat(5000))
  folder = empty.place.path('home/ann')
  clientId = (await empty.addAgent('desk', { env: { HOLDFAST_ALLOW_COMMANDS: 'true' } })).id
  planId = (await empty.addPlan(clientId, [folder])).planId
})

test('runs come into the list as they begin, and filters stay in the address', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open('/runs')
  const main = page.getByRole('main')
  await main.getByText('Nothing has run yet').waitFor()
  await lab.runPlan(planId)
  await main.getByRole('link', { name: /Finished.*desk.*Backup/ }).waitFor()

  await main.getByText('Failed', { exact: true }).click()
  await page.waitForURL(/state=error/)
  await main.getByText('No run fits these filters').waitFor()
  await visit.open(`/runs?state=error,finished&clientId=${clientId}`)
  expect(await main.getByRole('checkbox', { name: 'Failed' }).isChecked()).toBe(true)
  expect(await main.getByRole('combobox', { name: 'Client' }).inputValue()).toBe('desk')
  await main.getByRole('link', { name: /Finished.*desk/ }).waitFor()
  await main.getByRole('button', { name: 'Clear filters' }).first().click()
  await page.waitForURL(/\/runs$/)
  expect(visit.complaints).toEqual([])
})

test('a run that goes on is cancelled, and begun again from its page', async () => {
  // So much at this rate takes minutes.
  const big = lab.file('big/film.bin', secureRandom(4_000_000))
  const slow = await lab.addPlan(clientId, [big], { name: 'Slow', limits: { uploadBytesPerSecond: 20_000 } })
  const admin = await lab.person()
  const { id } = (await admin.call(`POST /api/v1/plans/${slow.planId}/run`)).body
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/runs/${id}`)
  const main = page.getByRole('main')
  await main.getByRole('progressbar').waitFor()
  await main.getByText('Running for').waitFor()
  await main.getByRole('button', { name: 'Cancel' }).click()
  const dialog = page.getByRole('dialog')
  expect(await dialog.getByRole('button', { name: 'Cancel', exact: true }).count()).toBe(0)
  await dialog.getByRole('button', { name: 'Keep it running' }).click()
  await dialog.waitFor({ state: 'detached' })
  await main.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click()
  await main.getByText('Cancelled', { exact: true }).waitFor({ timeout: HEARD_MS })

  await main.getByRole('button', { name: 'Run again' }).click()
  await page.waitForURL((url) => url.pathname !== `/runs/${id}`)
  await main.getByRole('link', { name: `Run ${id}` }).waitFor()
  await main.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click()
  await main.getByText('Cancelled', { exact: true }).waitFor({ timeout: HEARD_MS })
  expect(visit.complaints).toEqual([])
})

test('a long log is read from its end, and what came before as one scrolls up', async () => {
  const hooks = { pre: [{ line: `i=1; while [ $i -le ${LINES} ]; do echo "line $i of the log"; i=$((i+1)); done` }] }
  const talking = await lab.backUp(clientId, [folder], { name: 'Talking', hooks })
  const admin = await lab.person()
  const { items } = (await admin.call(`GET /api/v1/runs/${talking.runId}/log?order=newest&limit=20`)).body
  expect(items.some(({ message }: { message: string }) => message.trim() === `line ${LINES} of the log`)).toBe(true)
  const visit = await lab.visit({ as: 'admin' })
  const page = await visit.open(`/runs/${talking.runId}`)
  const log = page.getByRole('log')
  await log.getByText(`line ${LINES} of the log`).waitFor()
  const scrollUntil = async (line: number, top: number): Promise<void> => {
    const look = async (): Promise<number> => {
      await log.evaluate((frame, offset) => frame.scrollTo({ top: offset }), top)
      return log.getByText(`line ${line} of the log`, { exact: true }).count()
    }
    await expect.poll(look, { timeout: 30_000, interval: 300 }).toBe(1)
  }
  await scrollUntil(1, 0)
  await scrollUntil(LINES, 1_000_000)
  expect(visit.complaints).toEqual([])
})
