import type { BlobId, PackId } from '../../format/ids.ts'
import type { BlobLocation } from '../../repository/blob-index.ts'
import { metadataOf, type NodeMetadata } from './node-metadata.ts'
import { type FilePart, plaintextBytes, type RestoredFile } from './restore-batch.ts'
import type { BlobOrder, BlobRun, ContentTask, FileOrder } from './restore-tasks.ts'

/** How packs are read: from a disk small gaps are skipped cheaply, over a network a request costs as much as many bytes. */
export interface ReadPattern {
  readonly gapBytesMax: number
  readonly runBytesMax: number
}

export const LOCAL_PATTERN: ReadPattern = { gapBytesMax: 32 * 1024, runBytesMax: 2 * 1024 * 1024 }
export const REMOTE_PATTERN: ReadPattern = { gapBytesMax: 512 * 1024, runBytesMax: 16 * 1024 * 1024 }

/** A task and what the main thread keeps to deal with its result. */
export interface PlannedTask {
  readonly task: ContentTask
  /** By position in the task's list of files: the file, and how many bytes the task writes to it. */
  readonly files: readonly { readonly file: RestoredFile; readonly bytes: number }[]
}

/** Bounds of one task, so that all workers have something to do and messages stay small. */
const TASK_BYTES_MAX = 16 * 1024 * 1024
const TASK_PLACES_MAX = 2048
/** Files without any blob to write that go into one task. */
const TASK_FILES_MAX = 500

interface WantedBlob {
  readonly id: BlobId
  readonly location: BlobLocation
  readonly places: { readonly file: RestoredFile; readonly offset: number }[]
}

/** The blobs that one task writes, in the order of their pack. */
export interface TaskDraft {
  readonly pack: number
  readonly blobs: readonly WantedBlob[]
  readonly files: ReadonlySet<RestoredFile>
}

export interface ContentPlan {
  /** In the order in which files need them. */
  readonly drafts: readonly TaskDraft[]
  /** Files that several tasks write: they have to be opened once before the first. */
  readonly shared: ReadonlySet<RestoredFile>
  /** Files that get no blobs and have to be made or cut all the same. */
  readonly bare: readonly RestoredFile[]
}

/** Sorts the blobs that are to be written by the packs that hold them; a blob that several files want is read once. */
export function planContent(parts: readonly FilePart[]): ContentPlan {
  const packs = new Map<number, Map<BlobId, WantedBlob>>()
  const bare: RestoredFile[] = []
  const shared = new Set<RestoredFile>()
  for (const part of parts) {
    const { file } = part
    if (file.failed || !file.changed) continue
    if (file.hasSeveralParts) shared.add(file)
    if (addPart(packs, part) === 0 && !file.hasSeveralParts) bare.push(file)
  }
  const drafts = [...packs].flatMap(([pack, blobs]) => cutIntoDrafts(pack, [...blobs.values()]))
  const seen = new Set<RestoredFile>()
  for (const draft of drafts) {
    for (const file of draft.files) {
      if (seen.has(file)) shared.add(file)
      else seen.add(file)
    }
  }
  return { drafts, shared, bare }
}

/** Makes the task of a draft. Files that failed meanwhile are left out. */
export function taskOf(
  draft: TaskDraft,
  options: { readonly packId: PackId; readonly pattern: ReadPattern; readonly sparse: boolean },
): PlannedTask {
  const positions = new Map<RestoredFile, number>()
  const files: { readonly file: RestoredFile; bytes: number }[] = []
  const blobs: BlobOrder[] = []
  for (const { id, location, places } of draft.blobs) {
    const flat: number[] = []
    for (const { file, offset } of places) {
      if (file.failed) continue
      const position = positions.get(file) ?? files.length
      const entry = files[position] ?? { file, bytes: 0 }
      if (position === files.length) {
        positions.set(file, position)
        files.push(entry)
      }
      entry.bytes += plaintextBytes(location)
      flat.push(position, offset)
    }
    const { offset, length, uncompressedLength } = location
    if (flat.length > 0) blobs.push({ id, offset, length, uncompressedLength, places: flat })
  }
  const runs = joinRuns(blobs, options.pattern)
  const orders = files.map(({ file }) => orderOf(file, options.sparse))
  return { task: { kind: 'content', pack: options.packId, runs, files: orders, contents: undefined }, files }
}

/** Tasks that make files without writing blobs to them. */
export function bareTasks(files: readonly RestoredFile[], sparse: boolean): PlannedTask[] {
  const tasks: PlannedTask[] = []
  for (let start = 0; start < files.length; start += TASK_FILES_MAX) {
    const some = files.slice(start, start + TASK_FILES_MAX)
    const task: ContentTask = {
      kind: 'content',
      pack: undefined,
      runs: [],
      files: some.map((file) => orderOf(file, sparse)),
      contents: undefined,
    }
    tasks.push({ task, files: some.map((file) => ({ file, bytes: 0 })) })
  }
  return tasks
}

function addPart(packs: Map<number, Map<BlobId, WantedBlob>>, { file, offset, blobs, matches }: FilePart): number {
  let position = offset
  let added = 0
  for (const [index, { id, location }] of blobs.entries()) {
    const sizeBytes = plaintextBytes(location)
    if (matches?.[index] !== 1) {
      wantedBlob(packs, id, location).places.push({ file, offset: position })
      added++
    }
    position += sizeBytes
  }
  return added
}

function wantedBlob(packs: Map<number, Map<BlobId, WantedBlob>>, id: BlobId, location: BlobLocation): WantedBlob {
  let blobs = packs.get(location.pack)
  if (blobs === undefined) {
    blobs = new Map()
    packs.set(location.pack, blobs)
  }
  let blob = blobs.get(id)
  if (blob === undefined) {
    blob = { id, location, places: [] }
    blobs.set(id, blob)
  }
  return blob
}

function cutIntoDrafts(pack: number, blobs: WantedBlob[]): TaskDraft[] {
  blobs.sort((a, b) => a.location.offset - b.location.offset)
  const drafts: TaskDraft[] = []
  let current: WantedBlob[] = []
  let bytes = 0
  let places = 0
  for (const blob of blobs) {
    if (current.length > 0 && (bytes >= TASK_BYTES_MAX || places >= TASK_PLACES_MAX)) {
      drafts.push(draftOf(pack, current))
      current = []
      bytes = 0
      places = 0
    }
    current.push(blob)
    bytes += blob.location.length
    places += blob.places.length
  }
  if (current.length > 0) drafts.push(draftOf(pack, current))
  return drafts
}

function draftOf(pack: number, blobs: readonly WantedBlob[]): TaskDraft {
  const files = new Set<RestoredFile>()
  for (const { places } of blobs) for (const { file } of places) files.add(file)
  return { pack, blobs, files }
}

function joinRuns(blobs: readonly BlobOrder[], { gapBytesMax, runBytesMax }: ReadPattern): BlobRun[] {
  const runs: BlobRun[] = []
  let run: BlobOrder[] = []
  let start = 0
  let end = 0
  for (const blob of blobs) {
    const fits = blob.offset - end <= gapBytesMax && blob.offset + blob.length - start <= runBytesMax
    if (run.length > 0 && !fits) {
      runs.push({ offset: start, length: end - start, blobs: run })
      run = []
    }
    if (run.length === 0) {
      start = blob.offset
      end = start
    }
    run.push(blob)
    end = Math.max(end, blob.offset + blob.length)
  }
  if (run.length > 0) runs.push({ offset: start, length: end - start, blobs: run })
  return runs
}

function orderOf(file: RestoredFile, sparse: boolean): FileOrder {
  const { path, sizeBytes, node, before, prepared } = file
  const metadata: NodeMetadata | undefined = prepared ? undefined : metadataOf(node)
  const start = prepared ? 'prepared' : before === 'nothing' ? 'new' : 'existing'
  // Old content could show through a hole.
  return { path, sizeBytes, start, sparse: sparse && before !== 'file', metadata }
}
