import type { Bench } from '../bench.ts'
import { megabytes } from '../figures.ts'
import type { IndexMemory } from '../index-memory.ts'
import type { CaseResult } from '../results.ts'

/** The memory of the blob index, in a process that holds nothing else. */
export async function blobIndexCase(bench: Bench): Promise<CaseResult> {
  const { runner, sizes, say } = bench
  const memory = await runner.runProgram<IndexMemory>('./index-memory.ts', [String(sizes.indexBlobs)], ['--expose-gc'])
  const tablePerBlob = memory.tableBytes / memory.blobs
  const residentPerBlob = memory.residentBytes / memory.blobs
  say(`blob index: ${tablePerBlob.toFixed(1)} bytes a blob, ${residentPerBlob.toFixed(1)} resident, with ${memory.blobs} blobs`)
  const row = [
    String(memory.blobs),
    megabytes(memory.tableBytes),
    tablePerBlob.toFixed(1),
    megabytes(memory.residentBytes),
    residentPerBlob.toFixed(1),
    (memory.peakBytes / memory.blobs).toFixed(1),
    memory.addMicroseconds.toFixed(2),
    memory.findMicroseconds.toFixed(2),
  ]
  const columns = ['blobs', 'table MB', 'bytes a blob', 'resident MB', 'resident bytes a blob', 'peak bytes a blob', 'add µs', 'find µs']
  return {
    tables: [{ title: 'Memory of the blob index', columns, rows: [row] }],
    outcomes: [
      { promise: 'blobIndex', values: [residentPerBlob], remark: `${memory.blobs} blobs; the table itself ${tablePerBlob.toFixed(1)}` },
    ],
  }
}
