import { ManualClock } from '@holdfast/engine/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addClientRow, addRepositoryRow } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { ResticArrivals } from './arrivals.ts'
import { ResticAccessStore } from './store.ts'

for (const databases of allDatabases()) {
  describe(`snapshots that came by restic on ${databases.name}`, () => {
    let server: TestServer
    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('do not wait for those of a repository that cannot be reached', async () => {
      const { queries } = server.database
      const store = new ResticAccessStore(queries)
      const clientId = await addClientRow(server.database, { name: 'desk', ownerId: await server.addUser('ann', 'operator') })
      const away = await addRepositoryRow(server.database)
      const other = await addRepositoryRow(server.database, { name: 'other', isDefault: false })
      await queries.updateTable('repositories').set({ has_key: 0 }).where('id', '=', other).execute()
      const access = { client_id: clientId, is_full: 0, quota_bytes: null }
      for (const repository_id of [away, other]) await store.grant({ ...access, repository_id }, { now: 0 })
      const [ofAway, ofOther] = [(await store.find(clientId, away))?.id ?? 0, (await store.find(clientId, other))?.id ?? 0]
      const waiting = Array.from({ length: 250 }, (_, index) => ({ access_id: ofAway, snapshot_id: `s${index}`, created_at: index % 7 }))
      await queries.insertInto('restic_arrivals').values(waiting).execute()
      await queries.insertInto('restic_arrivals').values({ access_id: ofOther, snapshot_id: 's', created_at: 99 }).execute()
      const [failures, noted]: [number[], number[]] = [[], []]
      const clock = new ManualClock()
      const arrivals = new ResticArrivals({
        ...{ store, clock, clients: { noteBackup: async (_, at) => void noted.push(at) }, onRegistered: () => undefined },
        repositories: { open: () => Promise.reject(new Error('nobody is there')) },
        register: { addSnapshot: () => Promise.reject(new Error('nothing was read')) },
        onFailure: ({ repositoryId }) => void failures.push(repositoryId),
      })
      arrivals.start()
      await expect.poll(() => noted).toEqual([99])
      await arrivals.stop()
      expect(failures).toEqual([away])
      expect(await store.arrivals(1000)).toHaveLength(250)
    })
  })
}
