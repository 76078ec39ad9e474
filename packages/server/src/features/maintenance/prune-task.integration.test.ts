import { afterAll, describe, expect, it } from 'vitest'
import { MaintenanceLab } from '../../testing/maintenance-lab.ts'
import { allDatabases } from '../../testing/test-server.ts'
import { PruneTask } from './prune-task.ts'
import { MaintenanceStore } from './store.ts'

for (const databases of allDatabases()) {
  describe(`a prune on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('keeps what is pinned while it decides', async () => {
      await using lab = await MaintenanceLab.start(await databases.create())
      const { queries } = lab.server.database
      const clientId = await lab.addClient('alpha', null)
      await lab.save('expired', { ageDays: 3, clientId })
      const pinned = await lab.save('pinned at last', { ageDays: 2, clientId })
      const newest = await lab.save('newest', { ageDays: 1, clientId })
      const task = new PruneTask({
        store: new MaintenanceStore(queries),
        clients: {
          // The last that is asked before snapshots are judged by what was read of them before.
          effective: async () => {
            await queries.updateTable('snapshots').set({ is_pinned: 1 }).where('snapshot_id', '=', pinned).execute()
            return { retention: { versions: 1 } }
          },
        },
        heldSnapshots: async () => new Set(),
        clock: lab.clock,
      })
      const { signal } = new AbortController()
      const run = { log: () => undefined, progress: () => undefined }
      const done = await task.carryOut(await lab.open(), {
        repositoryId: lab.repositoryId,
        maxUnusedPercent: 5,
        dryRun: false,
        run,
        signal,
      })
      expect(done.other).toMatchObject({ snapshotsForgotten: 1 })
      expect(await lab.present()).toEqual([pinned, newest])
      expect(await lab.registered()).toEqual([pinned, newest])
      expect(await queries.selectFrom('snapshots').select('id').where('is_leaving', '=', 1).execute()).toEqual([])
    })
  })
}
