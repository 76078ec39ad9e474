import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { CutFinder } from '../../chunker/cut-finder.ts'
import type { ChunkerLimits } from '../../chunker/limits.ts'
import { parsePolynomial } from '../../chunker/polynomial.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import { createSegmentChain, publishCut, takeCut } from './segment-chain.ts'
import { SegmentReader } from './segment-reader.ts'
import type { WorkerBlobStore } from './worker-blob-store.ts'

const POLYNOMIAL = parsePolynomial('3da3358b4dc173')
const LIMITS: ChunkerLimits = { minSizeBytes: 1024, maxSizeBytes: 16_384, averageBits: 11 }
const SEGMENT_BYTES = 40_000
const folder = mkdtempSync(join(tmpdir(), 'holdfast-segments-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Notes what it is given in the place of storing it. */
class NotingStore {
  readonly chunks: Buffer[] = []
  save(plaintext: Uint8Array): BlobId {
    this.chunks.push(Buffer.from(plaintext))
    return hash('sha256', plaintext, 'hex') as BlobId
  }
}

function wholeCuts(content: Uint8Array): string[] {
  const finder = new CutFinder(POLYNOMIAL, { capacityBytes: content.length + 1, limits: LIMITS })
  finder.buffer.set(content)
  const ids: string[] = []
  for (let start = 0; start < content.length; ) {
    const cut = finder.nextCut(start, content.length)
    const end = cut === -1 ? content.length : cut
    ids.push(hash('sha256', content.subarray(start, end), 'hex'))
    start = end
  }
  return ids
}

/** Cuts a file by segments, each with a reader of its own, as workers do. */
function segmentCuts(content: Uint8Array, claimedBytes: number): { ids: string[]; ended: boolean } {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  const descriptor = openSync(path, 'r')
  const store = new NotingStore()
  const newReader = (): SegmentReader => {
    const cutFinder = new CutFinder(POLYNOMIAL, { capacityBytes: SEGMENT_BYTES + LIMITS.maxSizeBytes, limits: LIMITS })
    return new SegmentReader({ cutFinder, store: store as unknown as WorkerBlobStore })
  }
  const segments = Math.max(1, Math.ceil(claimedBytes / SEGMENT_BYTES))
  const chain = createSegmentChain(segments, 0)
  const ids: string[] = []
  let ended = false
  try {
    for (let segment = 0; segment < segments; segment++) {
      const start = segment * SEGMENT_BYTES
      const answer = newReader().readSegment({
        kind: 'segment',
        descriptor,
        path: path as ByteString,
        start,
        end: start + SEGMENT_BYTES,
        chain,
        segment,
      })
      ids.push(...answer.content)
      ended ||= answer.hasEnded
    }
  } finally {
    closeSync(descriptor)
  }
  return { ids, ended }
}

test('segments cut where the whole file is cut', () => {
  const contents = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 150_000, size: 'max' }),
    fc.nat(150_000).map((length) => new Uint8Array(length + 1)),
    fc
      .tuple(fc.uint8Array({ minLength: 10, maxLength: 5000 }), fc.integer({ min: 1, max: 40 }))
      .map(([part, times]) => Buffer.concat(new Array(times).fill(part))),
  )
  fc.assert(
    fc.property(contents, (content) => {
      const { ids, ended } = segmentCuts(content, content.length)
      expect(ids).toEqual(wholeCuts(content))
      expect(ended || content.length % SEGMENT_BYTES === 0).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('a segment that is begun before its turn lists candidates, and cuts the same when the turn comes', async () => {
  const content = randomBytes(5 * SEGMENT_BYTES)
  const path = join(folder, 'early')
  writeFileSync(path, content)
  const descriptor = openSync(path, 'r')
  const cutFinder = new CutFinder(POLYNOMIAL, { capacityBytes: SEGMENT_BYTES + LIMITS.maxSizeBytes, limits: LIMITS })
  const reader = new SegmentReader({ cutFinder, store: new NotingStore() as unknown as WorkerBlobStore })
  const readSegment = (chain: SharedArrayBuffer, segment: number): string[] => {
    const start = segment * SEGMENT_BYTES
    return [
      ...reader.readSegment({ kind: 'segment', descriptor, path: path as ByteString, start, end: start + SEGMENT_BYTES, chain, segment })
        .content,
    ]
  }
  const truth = createSegmentChain(5, 0)
  const expected = [0, 1, 2, 3, 4].map((segment) => readSegment(truth, segment))
  for (const segment of [1, 2, 3, 4]) {
    const chain = createSegmentChain(5, 0)
    const code = `
      import { workerData } from 'node:worker_threads'
      import { publishCut } from '${new URL('./segment-chain.ts', import.meta.url)}'
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      publishCut(workerData.chain, workerData.segment, { position: workerData.position })`
    const workerData = { chain, segment, position: takeCut(truth, segment) }
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData })
    await once(worker, 'online')
    expect(readSegment(chain, segment)).toEqual(expected[segment])
    await once(worker, 'exit')
  }
  closeSync(descriptor)
  expect(expected.flat()).toEqual(wholeCuts(content))
})

test('a file that has become shorter ends where it ends', () => {
  const content = Buffer.alloc(50_000, 'shorter than it was')
  const { ids, ended } = segmentCuts(content, 200_000)
  expect(ids).toEqual(wholeCuts(content))
  expect(ended).toBe(true)
})

test('a failure in one segment is passed on, so that nobody waits for ever', () => {
  const chain = createSegmentChain(3, 0)
  publishCut(chain, 1, { failed: true })
  expect(takeCut(chain, 1)).toBeLessThan(0)
  publishCut(chain, 1, { position: 5 })
  expect(takeCut(chain, 1)).toBeLessThan(0)
  expect(takeCut(chain, 2)).toBeUndefined()
})
