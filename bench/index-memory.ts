import { readFileSync } from 'node:fs'
import { BlobIndex } from '../packages/engine/src/repository/blob-index.ts'
import { SeededBytes } from './seeded-bytes.ts'

/** Fills a blob index and prints what memory that took as JSON: `node --expose-gc index-memory.ts BLOBS`. */
export interface IndexMemory {
  readonly blobs: number
  /** What the table itself says. */
  readonly tableBytes: number
  /** By how much the resident memory of the process has grown, garbage collected before and after. */
  readonly residentBytes: number
  /** By how much the peak of the resident memory has grown. */
  readonly peakBytes: number
  readonly addMicroseconds: number
  readonly findMicroseconds: number
}

const ID_BYTES = 32
const BATCH_IDS = 8192
const BLOBS_IN_A_PACK = 12

process.stdout.write(JSON.stringify(measure(Number(process.argv[2]))))

function measure(blobs: number): IndexMemory {
  forIds(BATCH_IDS, () => undefined)
  const before = residentMemory()
  const index = BlobIndex.create()
  const addSeconds = forIds(blobs, (id, number) => {
    const location = { pack: Math.floor(number / BLOBS_IN_A_PACK), offset: number % BLOBS_IN_A_PACK, length: 1, uncompressedLength: 1 }
    index.add('data', id, location)
  })
  const after = residentMemory()
  let missing = 0
  const findSeconds = forIds(blobs, (id) => {
    if (!index.has('data', id)) missing++
  })
  if (missing > 0 || index.size !== blobs) throw new Error(`Cannot measure the index: it has ${index.size} blobs and misses ${missing}`)
  return {
    blobs,
    tableBytes: index.memoryBytes,
    residentBytes: after.resident - before.resident,
    peakBytes: after.peak - before.peak,
    addMicroseconds: (addSeconds / blobs) * 1e6,
    findMicroseconds: (findSeconds / blobs) * 1e6,
  }
}

/** Calls `action` with as many ids as wanted, the same ones every time; returns the seconds that took. */
function forIds(count: number, action: (id: Uint8Array, number: number) => void): number {
  const random = new SeededBytes('blob ids')
  const startedAt = process.hrtime.bigint()
  for (let first = 0; first < count; first += BATCH_IDS) {
    const ids = random.take(Math.min(BATCH_IDS, count - first) * ID_BYTES)
    for (let at = 0; at < ids.length; at += ID_BYTES) action(ids.subarray(at, at + ID_BYTES), first + at / ID_BYTES)
  }
  return Number(process.hrtime.bigint() - startedAt) / 1e9
}

function residentMemory(): { readonly resident: number; readonly peak: number } {
  globalThis.gc?.()
  const status = readFileSync('/proc/self/status', 'utf8')
  const bytesOf = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
  return { resident: bytesOf('VmRSS'), peak: bytesOf('VmHWM') }
}
