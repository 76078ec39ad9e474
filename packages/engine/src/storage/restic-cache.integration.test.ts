import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { resticBinaries } from '../testing/restic.ts'
import { runProgram } from '../testing/servers/programs.ts'
import { startRestServer } from '../testing/servers/rest-server.ts'
import { CacheFolder, listCaches } from './cache-folder.ts'
import { withCache } from './with-cache.ts'

let state: string
beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), 'holdfast-shared-cache-'))
  mkdirSync(join(state, 'source'))
  for (let index = 0; index < 5; index++) writeFileSync(join(state, 'source', `file-${index}`), randomBytes(10_000))
})
afterAll(() => rmSync(state, { recursive: true, force: true }))

describe.each(resticBinaries())('restic $version ($name)', (binary) => {
  it('shares a cache with ours, in both directions', async () => {
    const inner = new MemoryStorage()
    const counted = new FaultyStorage(inner, { fault: () => undefined })
    const server = await startRestServer(counted)
    const root = join(state, `cache-${binary.version}`)
    const env = { RESTIC_PASSWORD: 'password', RESTIC_REPOSITORY: `rest:${server.url}/`, RESTIC_CACHE_DIR: root }
    const restic = (...args: readonly string[]): Promise<string> => runProgram(binary.path, args, { env, folder: state })
    const readsOf = (kind: string): number => counted.calls.filter((call) => call.operation === 'read' && call.kind === kind).length
    try {
      await restic('init')
      await restic('backup', 'source')
      const { id } = JSON.parse(await restic('cat', 'config')) as { readonly id: string }
      expect((await listCaches(root)).map(({ repositoryId }) => repositoryId)).toEqual([id])

      // What restic cached, ours reads without asking the storage.
      const cache = await CacheFolder.open({ root, repositoryId: id })
      const storage = withCache(counted, cache)
      const before = counted.calls.length
      for (const kind of ['index', 'snapshots'] as const) {
        for (const { file, content } of [...inner.files.values()].filter((entry) => entry.file.kind === kind)) {
          expect(Buffer.compare(await storage.read(file, 'all'), content)).toBe(0)
        }
      }
      expect(counted.calls.length).toBe(before)

      // What ours cached, restic reads without asking the server.
      rmSync(root, { recursive: true })
      const refilled = withCache(counted, await CacheFolder.open({ root, repositoryId: id }))
      for (const { file } of [...inner.files.values()]) await refilled.read(file, 'all', { keep: true })
      const asked = ['index', 'snapshots', 'data'].map(readsOf)
      expect(await restic('ls', 'latest')).toContain('/source/file-4')
      expect(['index', 'snapshots', 'data'].map(readsOf)).toEqual(asked)
    } finally {
      await server.stop()
    }
  })
})
