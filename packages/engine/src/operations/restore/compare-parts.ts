import { TaskQueue } from '../../repository/task-queue.ts'
import { type FilePart, plaintextBytes } from './restore-batch.ts'
import type { FileToCompare } from './restore-tasks.ts'
import type { RestoreWorkers } from './restore-workers.ts'

/** Bounds of one task. */
const TASK_BYTES_MAX = 32 * 1024 * 1024
const TASK_BLOBS_MAX = 1000

interface Piece {
  readonly part: FilePart
  /** Position in the part of the first blob. */
  readonly first: number
  readonly file: FileToCompare
}

/** Reads what the target has in the place of `parts` and notes which of their blobs are there; large files are split between workers. */
export async function compareParts(workers: RestoreWorkers, parts: readonly FilePart[], signal: AbortSignal | undefined): Promise<void> {
  const queue = new TaskQueue(workers.tasksAtOnce)
  for (const pieces of tasksOf(parts)) {
    signal?.throwIfAborted()
    await queue.add(async () => {
      const { matches } = await workers.compare({ kind: 'compare', files: pieces.map(({ file }) => file) })
      for (const [index, { part, first }] of pieces.entries()) part.matches?.set(matches[index] ?? [], first)
    })
  }
  await queue.drain()
}

function* tasksOf(parts: readonly FilePart[]): Generator<readonly Piece[]> {
  let pieces: Piece[] = []
  let bytes = 0
  let blobs = 0
  for (const part of parts) {
    part.matches = new Uint8Array(part.blobs.length)
    for (const piece of piecesOf(part)) {
      pieces.push(piece)
      blobs += piece.file.blobs.length + 1
      for (const { lengthBytes } of piece.file.blobs) bytes += lengthBytes
      if (bytes < TASK_BYTES_MAX && blobs < TASK_BLOBS_MAX) continue
      yield pieces
      pieces = []
      bytes = 0
      blobs = 0
    }
  }
  if (pieces.length > 0) yield pieces
}

function* piecesOf(part: FilePart): Generator<Piece> {
  const { path } = part.file
  let offset = part.offset
  for (let first = 0; first < part.blobs.length; ) {
    const blobs: { id: (typeof part.blobs)[number]['id']; lengthBytes: number }[] = []
    let bytes = 0
    while (first + blobs.length < part.blobs.length && bytes < TASK_BYTES_MAX && blobs.length < TASK_BLOBS_MAX) {
      const blob = part.blobs[first + blobs.length]
      if (blob === undefined) break
      const lengthBytes = plaintextBytes(blob.location)
      blobs.push({ id: blob.id, lengthBytes })
      bytes += lengthBytes
    }
    yield { part, first, file: { path, offset, blobs } }
    first += blobs.length
    offset += bytes
  }
}
