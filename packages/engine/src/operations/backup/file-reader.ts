import { closeSync, constants, openSync } from 'node:fs'
import type { CutFinder } from '../../chunker/cut-finder.ts'
import { EngineError, messageOf, systemStateOf } from '../../errors.ts'
import { type ByteString, systemPath } from '../../format/byte-string.ts'
import { nodeTypeFromStat } from '../../format/file-mode.ts'
import type { BlobId } from '../../format/ids.ts'
import { encodeNode } from '../../format/tree.ts'
import { systemClock } from '../../host/clock.ts'
import { type FileStatus, readOpenStatus } from '../../host/file-status.ts'
import { type BackupCounts, type FilesAnswer, type FileToRead, noCounts, type PathProblem } from './backup-tasks.ts'
import { actionOf, type ItemLog } from './item-log.ts'
import { nodeOfEntry } from './node-of-entry.ts'
import { fillFrom } from './read-fully.ts'
import type { ChunkStore } from './worker-blob-store.ts'

export interface FileReaderOptions {
  readonly cutFinder: CutFinder
  readonly store: ChunkStore
  readonly withAtime: boolean
  readonly items?: ItemLog | undefined
}

/** Never follows a link that has taken the file's place, and does not wait for the writer of a named pipe that has. */
const OPEN_TO_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Reads files from front to back, cuts and stores them. */
export class FileReader {
  readonly #options: FileReaderOptions

  constructor(options: FileReaderOptions) {
    this.#options = options
  }

  /** Stores the files and gives their nodes; what cannot be read becomes a problem. */
  readFiles(files: readonly FileToRead[]): FilesAnswer {
    const problems: PathProblem[] = []
    const counts = noCounts()
    const nodes = files.map((file) => {
      try {
        return this.#readFile(file, { counts, problems })
      } catch (error) {
        problems.push(unreadable(file.path, error))
        return undefined
      }
    })
    return { nodes, problems, counts }
  }

  #readFile(file: FileToRead, report: { readonly counts: BackupCounts; readonly problems: PathProblem[] }): string {
    const { counts, problems } = report
    const { items, withAtime } = this.#options
    const before = items === undefined ? undefined : { ...counts, atMs: systemClock.now() }
    const descriptor = openSync(systemPath(file.path), OPEN_TO_READ)
    try {
      const status = readOpenStatus(descriptor)
      refuseOtherKinds(file.path, status)
      const { content, sizeBytes } = this.#storeContent(descriptor, counts)
      if (hasChanged(status, readOpenStatus(descriptor))) problems.push(changedWhileRead(file.path))
      const onIncomplete = (problem: unknown): void => void problems.push(incomplete(file.path, problem))
      const node = encodeNode(nodeOfEntry({ name: file.name, path: file.path, status, content, sizeBytes, withAtime, onIncomplete }))
      countFile(counts, { node, previousNode: file.previousNode, sizeBytes })
      if (before !== undefined) {
        items?.add({
          path: file.path,
          kind: 'file',
          action: actionOf(node, file.previousNode),
          durationMs: systemClock.now() - before.atMs,
          bytesAdded: counts.dataBytesAdded - before.dataBytesAdded,
          bytesStored: counts.dataBytesStored - before.dataBytesStored,
        })
      }
      return node
    } finally {
      closeSync(descriptor)
    }
  }

  #storeContent(descriptor: number, counts: BackupCounts): { readonly content: BlobId[]; readonly sizeBytes: number } {
    const { cutFinder, store } = this.#options
    const { buffer } = cutFinder
    const content: BlobId[] = []
    let sizeBytes = 0
    // Bytes [start, end) of the buffer are read and not stored yet.
    let start = 0
    let end = 0
    for (let ended = false; !ended; ) {
      buffer.copyWithin(0, start, end)
      end -= start
      start = 0
      const read = fillFrom(descriptor, { buffer, from: end, position: sizeBytes })
      sizeBytes += read
      end += read
      ended = end < buffer.length
      for (let cut = 0; cut !== -1 && start < end; ) {
        cut = cutFinder.nextCut(start, end)
        if (cut === -1 && ended) cut = end
        if (cut === -1) break
        content.push(store.save(buffer.subarray(start, cut), counts))
        start = cut
      }
    }
    return { content, sizeBytes }
  }
}

/** Opens a large file so that several workers can read it by the same descriptor. The caller closes it. */
export function openToRead(path: ByteString): { readonly descriptor: number; readonly status: FileStatus } {
  const descriptor = openSync(systemPath(path), OPEN_TO_READ)
  try {
    const status = readOpenStatus(descriptor)
    refuseOtherKinds(path, status)
    return { descriptor, status }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Whether a file was written to between two looks at it. */
export function hasChanged(before: FileStatus, after: FileStatus): boolean {
  return (
    before.sizeBytes !== after.sizeBytes ||
    before.modified.seconds !== after.modified.seconds ||
    before.modified.nanoseconds !== after.modified.nanoseconds
  )
}

/** Counts a file that was read. */
export function countFile(
  counts: BackupCounts,
  file: { readonly node: string; readonly previousNode: string | undefined; readonly sizeBytes: number },
): void {
  if (file.previousNode === undefined) counts.filesNew++
  else if (file.previousNode === file.node) counts.filesUnmodified++
  else counts.filesChanged++
  counts.bytesProcessed += file.sizeBytes
}

/** An entry that is not in the snapshot because reading it failed. */
export function unreadable(path: ByteString, error: unknown): PathProblem {
  return { path, message: systemStateOf(error), severity: 'error' }
}

/** An entry that is in the snapshot without all of its metadata. */
export function incomplete(path: ByteString, problem: unknown): PathProblem {
  return { path, message: `incomplete metadata: ${messageOf(problem)}`, severity: 'error' }
}

/** A file that was written to while it was read, so that its content may be of two moments. */
export function changedWhileRead(path: ByteString): PathProblem {
  return { path, message: 'file changed while it was read: it is kept as it was read', severity: 'warning' }
}

function refuseOtherKinds(path: ByteString, status: FileStatus): void {
  if (nodeTypeFromStat(status.mode) === 'file') return
  throw new EngineError('source.unreadable', 'file changed its type, refusing to back it up', { context: { path } })
}
