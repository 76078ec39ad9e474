import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BlobId, initRepository, type OpenRepository, openRepository, openStorage, parseLocation, systemClock } from '@holdfast/engine'
import { FaultyStorage, ManualClock, MemoryStorage } from '@holdfast/engine/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UPLOAD_PASSWORD, UploadServer } from '../../testing/upload-server.ts'
import { RepositoryHosts } from './repository-host.ts'

let server: UploadServer
beforeEach(async () => {
  server = await UploadServer.start()
})
afterEach(() => server[Symbol.asyncDispose]())

test('one lock is held while a repository is used, and none while it is paused', async () => {
  const host = server.hosts.of(1)
  const uses = await Promise.all([host.use(), host.use()])
  expect(uses[0].hosted).toBe(uses[1].hosted)
  expect(readdirSync(join(server.repositoryFolder, 'locks'))).toHaveLength(1)

  const pausing = host.pause({ graceMs: 10_000 })
  await expect(host.use()).rejects.toMatchObject({ code: 'server.unavailable' })
  for (const use of uses) use[Symbol.dispose]()
  const pause = await pausing
  expect(readdirSync(join(server.repositoryFolder, 'locks'))).toEqual([])
  const storage = await openStorage(parseLocation(server.repositoryFolder), {})
  const repository = await openRepository(storage, { password: UPLOAD_PASSWORD })
  await (await repository.lock({ exclusive: true }))[Symbol.asyncDispose]()
  await storage.close()

  await pause[Symbol.asyncDispose]()
  using again = await host.use()
  expect(again.hosted).not.toBe(uses[0].hosted)
  expect(uses[0].hosted.signal.aborted).toBe(true)
})

test('a pause ends what uses the repository for longer than it may', async () => {
  const host = server.hosts.of(1)
  using use = await host.use()
  await using _pause = await host.pause({ graceMs: 50 })
  expect(use.hosted.signal.aborted).toBe(true)
  expect(readdirSync(join(server.repositoryFolder, 'locks'))).toEqual([])
})

type StorageCall = Parameters<ConstructorParameters<typeof FaultyStorage>[1]['fault']>[0]

test('a repository that is locked by somebody else cannot be used now', async () => {
  const clock = { ...systemClock, sleep: async () => undefined, now: fastNow() }
  const storage = new MemoryStorage()
  const repository = await initRepository(storage, { password: 'x', cost: { N: 2, r: 8, p: 1 } })
  await using _lock = await repository.lock({ exclusive: true })
  const hosts = new RepositoryHosts({ open: () => openRepository(storage, { password: 'x', clock }), clock: systemClock })
  await expect(hosts.of(1).use()).rejects.toMatchObject({ code: 'server.unavailable' })
})

test('the lock of a process that is gone keeps nobody out', async () => {
  const storage = new MemoryStorage()
  const repository = await initRepository(storage, {
    password: 'x',
    cost: { N: 2, r: 8, p: 1 },
    clock: new ManualClock(Date.now() - 3_600_000),
  })
  await repository.lock({ exclusive: true })
  const hosts = new RepositoryHosts({ open: () => openRepository(storage, { password: 'x' }), clock: systemClock, workers: 1 })
  using use = await hosts.of(1).use()
  expect(use.hosted.signal.aborted).toBe(false)
  use[Symbol.dispose]()
  await hosts.close({ graceMs: 1000 })
})

/** Outlives those who open it, as a disk does. */
class LastingStorage extends MemoryStorage {
  override async close(): Promise<void> {}
}

test('after a storage has failed the repository is opened anew, and what was not stored is not taken for stored', async () => {
  const inner = new LastingStorage()
  await initRepository(inner, { password: 'x', cost: { N: 2, r: 8, p: 1 } })
  let isFull = false
  const fault = ({ operation, kind }: StorageCall): 'fail' | undefined =>
    isFull && operation === 'write' && kind === 'data' ? 'fail' : undefined
  const open = (): Promise<OpenRepository> => openRepository(new FaultyStorage(inner, { fault, code: 'storage.full' }), { password: 'x' })
  const hosts = new RepositoryHosts({ open, clock: systemClock, workers: 1 })
  const content = Buffer.from('content')
  const id = createHash('sha256').update(content).digest('hex') as BlobId

  const first = await hosts.of(1).use()
  await first.hosted.ingest.take({ pieces: [frameOf(id, content)], lengthBytes: 44 + content.length })
  isFull = true
  await expect(first.hosted.checkpoint()).rejects.toMatchObject({ code: 'storage.full' })
  expect(first.hosted.signal.aborted).toBe(true)
  first[Symbol.dispose]()

  isFull = false
  const second = await hosts.of(1).use()
  expect(second.hosted).not.toBe(first.hosted)
  expect(second.hosted.indexed.index.has('data', id)).toBe(false)
  await second.hosted.ingest.take({ pieces: [frameOf(id, content)], lengthBytes: 44 + content.length })
  await Promise.all([second.hosted.checkpoint(), second.hosted.checkpoint()])
  expect(second.hosted.indexed.index.find('data', id)).toBeDefined()
  second[Symbol.dispose]()
  await hosts.close({ graceMs: 1000 })
  expect(await Array.fromAsync(inner.list('locks'))).toEqual([])
})

function frameOf(id: BlobId, content: Buffer): Buffer {
  const head = Buffer.alloc(44)
  head.write(id, 0, 32, 'hex')
  head.writeUInt32LE(content.length, 36)
  head.writeUInt32LE(content.length, 40)
  return Buffer.concat([head, content])
}

function fastNow(): () => number {
  let now = Date.now()
  return () => (now += 5000)
}
