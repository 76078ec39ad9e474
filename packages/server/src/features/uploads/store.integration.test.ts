import { createHash } from 'node:crypto'
import type { SnapshotId } from '@holdfast/engine'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases } from '../../testing/test-server.ts'
import { UploadServer } from '../../testing/upload-server.ts'
import { UploadStore } from './store.ts'

const [FIRST, SECOND] = [
  { clientId: 1, repositoryId: 1 },
  { clientId: 2, repositoryId: 1 },
]

function nameOf(number: number): string {
  return `00${createHash('sha256').update(String(number)).digest('hex')}`
}

for (const databases of allDatabases()) {
  describe(`the store of uploads on ${databases.name}`, () => {
    let server: UploadServer
    let store: UploadStore
    beforeEach(async () => {
      server = await UploadServer.start({ databaseUrl: await databases.create() })
      store = new UploadStore(server.database.queries)
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('keeps the names of each client apart, in any number, and forgets those that are gone', async () => {
      const names = Array.from({ length: 5000 }, (_, number) => nameOf(number))
      await store.addNames(FIRST, names)
      await store.addNames(FIRST, names.slice(0, 10))
      await store.addNames(SECOND, names.slice(0, 2500))
      expect((await store.namesOf(FIRST, [...names, nameOf(-1)])).size).toBe(5000)
      expect((await store.namesOf(SECOND, names)).size).toBe(2500)
      expect((await store.namesOf({ clientId: 1, repositoryId: 2 }, names)).size).toBe(0)
      const gone = new Set(names.filter((_, number) => number % 1000 === 0))
      await store.forgetNames(1, (name) => gone.has(name))
      expect((await store.namesOf(FIRST, names)).size).toBe(4995)
      expect((await store.namesOf(SECOND, names)).size).toBe(2497)
    })

    it('finds the newest snapshots of a client and of the same paths', async () => {
      const snapshot = { hostname: 'client-1', tags: [], planId: null, runId: null, sizeBytes: 1, fileCount: 1, addedBytes: 1 }
      for (const [number, paths] of [['/a'], ['/a', '/b'], ['/a']].entries()) {
        const snapshotId = nameOf(number).slice(2) as SnapshotId
        const entry = { ...snapshot, snapshotId, treeId: snapshotId, timeMs: number, paths }
        await store.addSnapshot(FIRST, entry)
        await store.addSnapshot(FIRST, { ...entry, timeMs: 99 })
      }
      expect((await store.parents(FIRST, ['/a'])).map(({ timeMs }) => timeMs)).toEqual([2, 0])
      expect(await store.parents(SECOND, ['/a'])).toEqual([])
    })
  })
}
