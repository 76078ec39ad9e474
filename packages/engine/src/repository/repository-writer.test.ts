import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { EngineError } from '../errors.ts'
import type { BlobId, PackId } from '../format/ids.ts'
import type { Storage } from '../storage/storage.ts'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { initRepository, type OpenRepository, openRepository } from './open-repository.ts'

const cost = { N: 2, r: 1, p: 1 }

async function newRepository(storage: Storage, version: 1 | 2 = 2): Promise<OpenRepository> {
  return await initRepository(storage, { password: 'x', cost, version })
}

async function namesOf(storage: Storage, kind: 'data' | 'index'): Promise<string[]> {
  return (await Array.fromAsync(storage.list(kind))).map(({ name }) => name)
}

test.each([1, 2] as const)('blobs written to a version %i repository are read back by another process', async (version) => {
  const storage = new MemoryStorage()
  const indexed = await (await newRepository(storage, version)).loadIndex()
  const contents = [Buffer.alloc(0), Buffer.alloc(100_000, 'text '), randomBytes(300_000)]
  const ids = await indexed.write(async (writer) => {
    const saved: BlobId[] = []
    for (const content of contents) saved.push((await writer.saveBlob('data', content)).id)
    saved.push((await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'))).id)
    return saved
  })
  const other = await (await openRepository(storage, { password: 'x' })).loadIndex()
  for (const [position, content] of contents.entries()) expect(await other.readBlob('data', ids[position] as BlobId)).toEqual(content)
  expect((await other.readTree(ids.at(-1) as BlobId)).nodes).toEqual([])
  expect((await namesOf(storage, 'data')).length).toBe(2)
  await expect(other.readBlob('data', 'f'.repeat(64) as BlobId)).rejects.toMatchObject({ code: 'data.missing' })
})

test('a blob is stored once, whoever brings it', async () => {
  const storage = new MemoryStorage()
  const indexed = await (await newRepository(storage)).loadIndex()
  const content = randomBytes(1000)
  const outcomes = await indexed.write(async (writer) => [await writer.saveBlob('data', content), await writer.saveBlob('data', content)])
  expect(outcomes.map(({ isNew }) => isNew)).toEqual([true, false])
  const later = await indexed.write((writer) => writer.saveBlob('data', content))
  expect(later).toMatchObject({ isNew: false, storedBytes: 0 })
})

test('packs are closed at the wanted size and named by the index only when they are durable', async () => {
  const storage = new MemoryStorage()
  const written: string[] = []
  const faulty = new FaultyStorage(storage, {
    fault: ({ operation, kind }) => {
      if (operation === 'write') written.push(String(kind))
      return undefined
    },
  })
  const indexed = await (await newRepository(faulty)).loadIndex()
  written.length = 0
  await indexed.write(
    async (writer) => {
      for (let blob = 0; blob < 20; blob++) await writer.saveBlob('data', randomBytes(100_000))
    },
    { packSizeBytes: 500_000 },
  )
  expect(written).toEqual(['data', 'data', 'data', 'data', 'index'])
})

test('nothing is written without permission', async () => {
  const storage = new MemoryStorage()
  const indexed = await (await newRepository(storage)).loadIndex()
  const permission = Promise.reject(new EngineError('repository.locked', 'another was quicker'))
  const write = indexed.write((writer) => writer.saveBlob('data', randomBytes(2000)), { permission, packSizeBytes: 1000 })
  await expect(write).rejects.toThrow('another was quicker')
  expect([...(await namesOf(storage, 'data')), ...(await namesOf(storage, 'index'))]).toEqual([])
})

test('after a failure the index names what was stored, so that it is not stored again', async () => {
  const storage = new MemoryStorage()
  const indexed = await (await newRepository(storage)).loadIndex()
  const first = randomBytes(600_000)
  await expect(
    indexed.write(
      async (writer) => {
        await writer.saveBlob('data', first)
        throw new EngineError('operation.cancelled', 'stopped')
      },
      { packSizeBytes: 500_000 },
    ),
  ).rejects.toThrow('stopped')
  const again = await (await openRepository(storage, { password: 'x' })).loadIndex()
  expect(again.index.size).toBe(1)
  expect((await again.write((writer) => writer.saveBlob('data', first))).isNew).toBe(false)
})

test('a storage that refuses a pack fails the whole write, and no index names that pack', async () => {
  const storage = new MemoryStorage()
  let refuse = false
  const faulty = new FaultyStorage(storage, {
    fault: ({ operation, kind }) => (refuse && operation === 'write' && kind === 'data' ? 'fail' : undefined),
  })
  const indexed = await (await newRepository(faulty)).loadIndex()
  refuse = true
  await expect(indexed.write((writer) => writer.saveBlob('data', randomBytes(10)))).rejects.toMatchObject({ code: 'storage.failed' })
  expect(await namesOf(storage, 'index')).toEqual([])
})

test('the memory of a pack is free again, whether it was stored or not even begun', async () => {
  const faulty = new FaultyStorage(new MemoryStorage(), {
    fault: ({ operation, kind }) => (operation === 'write' && kind === 'data' ? 'fail' : undefined),
  })
  const indexed = await (await newRepository(faulty)).loadIndex()
  let freed = 0
  const writing = indexed.write(async (writer) => {
    for (let pack = 0; pack < 10; pack++) {
      const content = randomBytes(10)
      const id = createHash('sha256').update(content).digest('hex') as PackId
      await writer.savePack({ id, content, blobs: [] }, () => freed++).catch(() => undefined)
    }
  })
  await expect(writing).rejects.toMatchObject({ code: 'storage.failed' })
  expect(freed).toBe(10)
})

test('of two copies of a blob the sound one is read', async () => {
  const storage = new MemoryStorage()
  const repository = await newRepository(storage)
  const content = randomBytes(5000)
  let id: BlobId | undefined
  for (let copy = 0; copy < 2; copy++) {
    // A fresh index for each copy: neither process knows of the other.
    const indexed = await repository.loadIndex()
    if (copy === 0) id = (await indexed.write((writer) => writer.saveBlob('data', content))).id
    else
      await indexed.write((writer) =>
        writer.saveSealedBlob({ type: 'data', id: id as BlobId, uncompressedLength: 0 }, repository.sealer.seal(content)),
      )
  }
  const [damaged] = await namesOf(storage, 'data')
  const file = { kind: 'data', name: damaged ?? '' } as const
  const bytes = Buffer.from(await storage.read(file, 'all'))
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await storage.write(file, bytes)
  const indexed = await repository.loadIndex()
  expect(indexed.index.findAll('data', id as BlobId)).toHaveLength(2)
  expect(await indexed.readBlob('data', id as BlobId)).toEqual(content)
})

test('a write fails when a blob that was claimed could not be stored, also where the caller went on', async () => {
  const indexed = await (await newRepository(new MemoryStorage())).loadIndex()
  // Longer than what fits into the buffer it is to be sealed in.
  const impossible = { length: Number.MAX_SAFE_INTEGER, buffer: new ArrayBuffer(0), byteOffset: 0, byteLength: 0 } as unknown as Uint8Array
  const entry = { type: 'tree', id: 'ab'.repeat(32) as BlobId, uncompressedLength: 1 } as const
  const attempt = indexed.write(async (writer) => {
    await writer.saveCompressedBlob(entry, impossible).catch(() => undefined)
    return writer.saveCompressedBlob(entry, Buffer.from('x'))
  })
  await expect(attempt).rejects.toThrow('Invalid typed array length')
})

test.each([
  ['cancelled', new EngineError('operation.cancelled', 'Cannot go on: it was cancelled'), 1],
  ['without its lock', new EngineError('repository.lock-lost', 'Cannot go on: the lock is lost'), 0],
] as const)('a write that ends %s names what it stored in the index only while it may', async (_state, reason, indexFiles) => {
  const storage = new MemoryStorage()
  const indexed = await (await newRepository(storage)).loadIndex()
  const controller = new AbortController()
  const attempt = indexed.write(
    async (writer) => {
      await writer.saveBlob('data', randomBytes(1000))
      while ((await namesOf(storage, 'data')).length === 0) await new Promise(setImmediate)
      await new Promise(setImmediate)
      controller.abort(reason)
      throw reason
    },
    { packSizeBytes: 500, signal: AbortSignal.any([controller.signal]) },
  )
  await expect(attempt).rejects.toBe(reason)
  expect(await namesOf(storage, 'index')).toHaveLength(indexFiles)
})
