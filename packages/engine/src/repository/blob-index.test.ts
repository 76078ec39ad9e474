import { hash, randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EngineError } from '../errors.ts'
import type { BlobId } from '../format/ids.ts'
import type { BlobType } from '../format/pack-header.ts'
import { BlobIndex } from './blob-index.ts'

function idOf(number: number): BlobId {
  return hash('sha256', String(number), 'hex') as BlobId
}

function placeAt(offset: number): { pack: number; offset: number; length: number; uncompressedLength: number } {
  return { pack: 1, offset, length: 40, uncompressedLength: 90 }
}

test('a blob is found where it was added, a data blob not as a tree', () => {
  const index = BlobIndex.create()
  index.add('data', idOf(1), { pack: 7, offset: 11, length: 13, uncompressedLength: 17 })
  expect(index.find('data', idOf(1))).toEqual({ pack: 7, offset: 11, length: 13, uncompressedLength: 17 })
  expect(index.find('tree', idOf(1))).toBeUndefined()
  expect(index.has('data', idOf(2))).toBe(false)
  expect(index.entryAt(0)).toEqual({ type: 'data', id: idOf(1), pack: 7, offset: 11, length: 13, uncompressedLength: 17 })
})

test('a blob in several packs has an entry for each, the same place only one', () => {
  const index = BlobIndex.create()
  for (const pack of [3, 5, 3]) index.add('tree', idOf(1), { ...placeAt(0), pack })
  expect(index.findAll('tree', idOf(1)).map(({ pack }) => pack)).toEqual([3, 5])
  expect(index.size).toBe(2)
})

test('a claim is granted once and filled in by the blob that comes of it', () => {
  const index = BlobIndex.create()
  expect(index.claim('data', idOf(1))).toBe(true)
  expect(index.claim('data', idOf(1))).toBe(false)
  expect(index.has('data', idOf(1))).toBe(true)
  expect(index.find('data', idOf(1))).toBeUndefined()
  expect([...index]).toEqual([])
  index.add('data', idOf(1), placeAt(5))
  expect(index.find('data', idOf(1))).toEqual(placeAt(5))
  expect(index.size).toBe(1)
})

test('behaves like a map through all growth', () => {
  const entry = fc.record({ number: fc.nat(4000), type: fc.constantFrom<BlobType>('data', 'tree'), offset: fc.nat(2 ** 31) })
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1000, maxLength: 9000, size: 'max' }), (entries) => {
      const index = BlobIndex.create()
      const model = new Map<string, number[]>()
      for (const { number, type, offset } of entries) {
        index.add(type, idOf(number), placeAt(offset))
        const key = `${type} ${number}`
        const offsets = model.get(key) ?? []
        if (!offsets.includes(offset)) model.set(key, [...offsets, offset])
      }
      for (const [key, offsets] of model) {
        const [type, number] = key.split(' ')
        expect(index.findAll(type as BlobType, idOf(Number(number))).map(({ offset }) => offset)).toEqual(offsets)
      }
      expect(index.size).toBe([...model.values()].flat().length)
    }),
    { numRuns: 8 },
  )
})

test('takes at most 64 bytes a blob', () => {
  for (const count of [100_000, 200_000, 400_000]) {
    const index = BlobIndex.create()
    // At once: a call for each takes ten times as long as everything else.
    const ids = randomBytes(32 * count)
    for (let number = 0; number < count; number++) index.add('data', ids.subarray(number * 32, number * 32 + 32), placeAt(number))
    expect(index.memoryBytes / count).toBeLessThan(64)
  }
})

test('refuses more blobs than it may hold', () => {
  const index = BlobIndex.create({ maxBlobs: 3000 })
  expect(() => {
    for (let number = 0; number <= 3000; number++) index.add('data', idOf(number), placeAt(number))
  }).toThrow(EngineError)
})

test('threads that claim the same blobs at the same time are granted each blob once, also while the table grows', async () => {
  const index = BlobIndex.create()
  const code = `
    import { hash } from 'node:crypto'
    import { parentPort, workerData } from 'node:worker_threads'
    import { BlobIndex } from '${new URL('./blob-index.ts', import.meta.url)}'
    const index = BlobIndex.attach(workerData)
    const granted = []
    for (let number = 0; number < 30_000; number++) if (index.claim('data', hash('sha256', String(number), 'buffer'))) granted.push(number)
    parentPort.postMessage(granted)`
  const granted = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<number[]>((resolve, reject) => {
          const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: index.handle })
          worker.once('message', resolve).once('error', reject)
        }),
    ),
  )
  expect(granted.flat().length).toBe(30_000)
  expect(new Set(granted.flat()).size).toBe(30_000)
  expect(index.size).toBe(30_000)
})
