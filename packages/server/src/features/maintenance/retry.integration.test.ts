import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Run } from '@holdfast/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { MaintenanceLab } from '../../testing/maintenance-lab.ts'
import { allDatabases } from '../../testing/test-server.ts'

const HOUR_MS = 3_600_000

for (const databases of allDatabases()) {
  describe(`maintenance that is repeated, on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('stays what it was: a prune that only says what would go', async () => {
      await using lab = await MaintenanceLab.start(await databases.create())
      const clientId = await lab.addClient('alpha', { versions: 1 })
      const both = [await lab.save('old', { ageDays: 2, clientId }), await lab.save('new', { ageDays: 1, clientId })]
      const asked = { kind: 'maintenance', dryRun: true }
      await lab.work()
      const { tasks: before } = await lab.maintenance()
      const failed = await withoutPacks(lab, () => done(lab, () => lab.request('POST /maintenance/run', asked)))
      expect(failed).toMatchObject({ kind: 'maintenance', state: 'error' })
      const again = await done(lab, () => retry(lab, failed.id))
      expect(again).toMatchObject({ kind: 'maintenance', state: 'finished', trigger: 'manual', retryOf: failed.id })
      expect(again.statistics?.other?.snapshotsForgotten).toBe(1)
      expect(await lab.present()).toEqual(both)
      // Neither is due sooner because one failed, nor later because one succeeded.
      expect((await lab.maintenance()).tasks[0]).toEqual({ ...before[0], startedAt: expect.any(String), runId: again.id })
    })

    it('stays what it was: a check that reads all data', async () => {
      await using lab = await MaintenanceLab.start(await databases.create())
      for (let number = 0; number < 4; number++) await lab.save(`text ${number}`, { ageDays: 1 })
      await lab.request('PUT /maintenance', { prune: { schedule: { cron: null } }, check: { readAllWithinDays: null } })
      const asked = { kind: 'check', readAll: true }
      const failed = await withoutPacks(lab, () => done(lab, () => lab.request('POST /maintenance/run', asked)))
      expect(failed).toMatchObject({ kind: 'check', state: 'error' })
      const again = await done(lab, () => retry(lab, failed.id))
      expect(again).toMatchObject({ state: 'finished', retryOf: failed.id, statistics: { other: { packsRead: lab.packs().length } } })
    })

    it('reads the very share again that a scheduled check had read, and leaves the round where it is', async () => {
      await using lab = await MaintenanceLab.start(await databases.create())
      for (let number = 0; number < 8; number++) await lab.save(`text ${number}`, { ageDays: 1 })
      await lab.request('PUT /maintenance', { prune: { schedule: { cron: null } }, check: { readAllWithinDays: 3 } })
      lab.later(17 * HOUR_MS)
      const failed = await withoutPacks(lab, () => done(lab, async () => undefined))
      expect(failed).toMatchObject({ kind: 'check', state: 'error', trigger: 'schedule' })
      const { reading } = await lab.maintenance()
      expect(reading).toMatchObject({ nextPart: 2, parts: 3 })
      const again = await done(lab, () => retry(lab, failed.id))
      expect(again).toMatchObject({ state: 'finished', retryOf: failed.id })
      expect(await lab.logOf(again)).toContain('part 1 to 1 of 3')
      expect((await lab.maintenance()).reading).toEqual(reading)
      // A share is another check than one of the structure, and takes no place of it.
      await lab.request('POST /maintenance/run', { kind: 'check' })
      expect((await retry(lab, failed.id)).statusCode).toBe(409)
    })

    it('is refused where it cannot be, and where it would take the place of something else', async () => {
      await using lab = await MaintenanceLab.start(await databases.create())
      await lab.save('text', { ageDays: 1 })
      const sound = await done(lab, () => lab.request('POST /maintenance/run', { kind: 'check' }))
      const failed = await withoutPacks(lab, () => done(lab, () => lab.request('POST /maintenance/run', { kind: 'check' })))
      expect([sound.state, failed.state]).toEqual(['finished', 'error'])
      expect((await retry(lab, sound.id)).json().detail).toContain('it is finished')
      expect((await retry(lab, 999)).statusCode).toBe(404)
      const elsewhere = await lab.server.request('POST /api/v1/repositories/999/maintenance/retry', {
        as: 'root',
        body: { runId: failed.id },
      })
      expect(elsewhere.statusCode).toBe(404)

      await lab.request('POST /maintenance/run', { kind: 'check', readAll: true })
      const refused = await retry(lab, failed.id)
      expect([refused.statusCode, refused.json().detail]).toEqual([409, expect.stringContaining('something else was asked for')])
      await lab.work()
      const { queries } = lab.server.database
      await queries.updateTable('runs').set({ request: '{}' }).where('id', '=', failed.id).execute()
      expect((await retry(lab, failed.id)).json().detail).toContain('was not kept')
      await queries.updateTable('runs').set({ trigger: 'schedule' }).where('id', '=', failed.id).execute()
      const twice = [await retry(lab, failed.id), await retry(lab, failed.id)]
      expect(twice.map(({ statusCode }) => statusCode)).toEqual([202, 202])
      const before = (await lab.runs()).length
      await lab.work()
      expect(await lab.runs()).toHaveLength(before + 1)
    })
  })
}

function retry(lab: MaintenanceLab, runId: number): ReturnType<MaintenanceLab['request']> {
  return lab.request('POST /maintenance/retry', { runId })
}

/** Has all done that is due after `action`, and gives the newest run. */
async function done(lab: MaintenanceLab, action: () => Promise<unknown>): Promise<Run> {
  await action()
  await lab.work()
  const [run] = await lab.runs()
  if (run === undefined) throw new Error('nothing was done')
  return run
}

/** Has something done while all data is missing. */
async function withoutPacks<Result>(lab: MaintenanceLab, action: () => Promise<Result>): Promise<Result> {
  const packs = lab.packs().map((pack) => ({ pack, content: readFileSync(pack) }))
  for (const { pack } of packs) rmSync(pack)
  try {
    return await action()
  } finally {
    for (const { pack, content } of packs) writeFileSync(pack, content)
  }
}
