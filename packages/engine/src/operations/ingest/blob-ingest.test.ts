import { createHash, createHmac, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BlobId } from '../../format/ids.ts'
import { FRAME_HEADER_BYTES, writeFrame } from '../../repository/blob-frames.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { initRepository, openRepository } from '../../repository/open-repository.ts'
import { FaultyStorage } from '../../testing/faulty-storage.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import { BlobIngest } from './blob-ingest.ts'
import type { FrameBatch } from './frame-batches.ts'

let storage: MemoryStorage
let indexed: IndexedRepository
beforeEach(async () => {
  storage = new MemoryStorage()
  indexed = await (await initRepository(storage, { password: 'x', cost: { N: 2, r: 1, p: 1 } })).loadIndex()
})

let ingest: BlobIngest | undefined
afterEach(() => ingest?.close())

test('what is taken is durable and named after a checkpoint, while the writer goes on', async () => {
  const blobs = Array.from({ length: 20 }, () => randomBytes(50_000))
  const failures: unknown[] = []
  await indexed.write(async (writer) => {
    const intake = new BlobIngest(indexed, writer, { workers: 2, onFailure: (error) => failures.push(error) })
    ingest = intake
    await Promise.all(blobs.slice(0, 10).map((blob) => intake.take(batchOf(blob))))
    await intake.checkpoint()
    const reopened = await (await openRepository(storage, { password: 'x' })).loadIndex()
    for (const [position, blob] of blobs.entries()) expect(reopened.index.has('data', idOf(blob))).toBe(position < 10)
    await Promise.all(blobs.map((blob) => intake.take(batchOf(blob))))
    await intake.checkpoint()
  })
  const reopened = await (await openRepository(storage, { password: 'x' })).loadIndex()
  expect(reopened.index.size).toBe(20)
  for (const blob of blobs) expect((await reopened.readBlob('data', idOf(blob))).equals(blob)).toBe(true)
  expect(failures).toEqual([])
})

test('proofs are compared with what the repository has', async () => {
  const blob = randomBytes(5000)
  await indexed.write(async (writer) => {
    const intake = new BlobIngest(indexed, writer, { workers: 1, onFailure: () => undefined })
    ingest = intake
    await intake.take(batchOf(blob))
    await intake.checkpoint()
    const nonce = randomBytes(32)
    const blobs = [
      { type: 'data', id: idOf(blob) },
      { type: 'data', id: idOf(blob) },
    ] as const
    const proofs = Buffer.concat([createHmac('sha256', nonce).update(blob).digest(), randomBytes(32)])
    expect((await intake.check(nonce, { blobs, proofs })).map(({ isProven }) => isProven)).toEqual([true, false])
  })
})

test('a storage that fails is told of once, and nothing is taken after it', async () => {
  let isFull = false
  const faulty = new FaultyStorage(storage, {
    fault: ({ operation }) => (isFull && operation === 'write' ? 'fail' : undefined),
    code: 'storage.full',
  })
  const broken = await (await openRepository(faulty, { password: 'x' })).loadIndex()
  const failures: unknown[] = []
  const writing = broken.write(async (writer) => {
    const intake = new BlobIngest(broken, writer, { workers: 1, onFailure: (error) => failures.push(error) })
    ingest = intake
    await intake.take(batchOf(randomBytes(5000)))
    isFull = true
    await expect(intake.checkpoint()).rejects.toMatchObject({ code: 'storage.full' })
    await intake.take(batchOf(randomBytes(5000)))
  })
  await expect(writing).rejects.toMatchObject({ code: 'storage.full' })
  expect(failures).toHaveLength(1)
})

function idOf(blob: Buffer): BlobId {
  return createHash('sha256').update(blob).digest('hex') as BlobId
}

function batchOf(blob: Buffer): FrameBatch {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + blob.length)
  const digest = Buffer.from(idOf(blob), 'hex')
  writeFrame(frame, 0, { type: 'data', isCompressed: false, plaintextLength: blob.length, digest, content: blob })
  return { pieces: [frame], lengthBytes: frame.length }
}
