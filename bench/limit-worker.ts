import { hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { compressAlways, compressToLookAt, EFFORTS } from '../packages/engine/src/compression/zstd.ts'
import { zstdLibrary } from '../packages/engine/src/compression/zstd-library.ts'
import { randomSealingKey, SEAL_OVERHEAD_BYTES, Sealer } from '../packages/engine/src/crypto/sealer.ts'
import { type ChunkRun, type LimitWorkerData, NEXT_TASK, type PlannedChunk, STARTED } from './limit-tasks.ts'

const { plan, mode, control } = workerData as LimitWorkerData
const words = new Int32Array(control)
const zstd = zstdLibrary()
const sealer = new Sealer(randomSealingKey())
// Filled, so that no page is missing when the clock runs.
const input = Buffer.alloc(plan.largestChunkBytes, 1)
const frame = Buffer.alloc(plan.largestChunkBytes + (plan.largestChunkBytes >> 7) + 1024, 1)
const sealed = Buffer.alloc(plan.largestChunkBytes + SEAL_OVERHEAD_BYTES, 1)

parentPort?.postMessage('ready')
Atomics.wait(words, STARTED, 0)
for (;;) {
  const task = plan.tasks[Atomics.add(words, NEXT_TASK, 1)]
  if (task === undefined) break
  for (const run of task) work(run)
}
parentPort?.postMessage('done')

function work(run: ChunkRun): void {
  const descriptor = openSync(run.path, 'r')
  let position = run.start
  for (const chunk of run.chunks) {
    const content = input.subarray(0, chunk.lengthBytes)
    if (readSync(descriptor, content, 0, chunk.lengthBytes, position) !== chunk.lengthBytes) throw new Error(`${run.path} has changed`)
    position += chunk.lengthBytes
    hash('sha256', content, 'buffer')
    store(content, chunk)
  }
  closeSync(descriptor)
}

function store(content: Uint8Array, chunk: PlannedChunk): void {
  if (mode === 'engine' && !chunk.isNew) return
  const compressed = mode === 'engine' ? compressToLookAt(content, 'auto') : compressWhole(content)
  sealer.sealInto(compressed !== undefined && compressed.length < content.length ? compressed : content, sealed, 0)
}

function compressWhole(content: Uint8Array): Uint8Array {
  const length = zstd?.compress(content, frame, EFFORTS.auto) ?? -1
  return length < 0 ? compressAlways(content, 'auto') : frame.subarray(0, length)
}
