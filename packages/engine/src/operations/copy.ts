import type { SnapshotId } from '../format/ids.ts'
import type { Snapshot, StoredSnapshot } from '../format/snapshot.ts'
import { sameInstant } from '../format/timestamp.ts'
import { BlobSet, plaintextLength } from '../repository/blob-set.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import type { RepositoryWriter, WriteOptions } from '../repository/repository-writer.ts'
import { saveSnapshot } from '../snapshots/save-snapshot.ts'
import { streamTrees } from '../snapshots/tree-stream.ts'
import { missingBlob, transferBlobs } from './transfer-blobs.ts'

/** What of a snapshot the target does not have yet. */
export interface SnapshotDemand {
  readonly blobs: number
  /** Bytes that these take in the packs of the source. */
  readonly storedBytes: number
}

/** Told what a copy does. All calls come in order: skipped or started, advanced, saved. */
export interface CopyObserver {
  /** The target has a snapshot that is the same but for its id. */
  snapshotSkipped?(snapshot: StoredSnapshot, existing: StoredSnapshot): void
  snapshotStarted?(snapshot: StoredSnapshot, demand: SnapshotDemand): void
  /** So many more bytes, as stored in the source, were copied. */
  advanced?(storedBytes: number): void
  /** Comes some time after the content was copied: several snapshots are saved together. */
  snapshotSaved?(snapshot: StoredSnapshot, id: SnapshotId): void
}

export interface CopyOptions extends WriteOptions {
  /** Snapshots of the source to copy. */
  readonly snapshots: readonly StoredSnapshot[]
  /** All snapshots of the target, among which those that were copied before are looked for. */
  readonly targetSnapshots: readonly StoredSnapshot[]
  /** Compress again what is compressed in the source, as `compression` says. */
  readonly recompress?: boolean
  readonly observer?: CopyObserver
}

export interface CopyResult {
  /** Copied now, with their ids in the target. */
  readonly copied: ReadonlyMap<SnapshotId, SnapshotId>
  /** Were there before, with their ids in the target. */
  readonly skipped: ReadonlyMap<SnapshotId, SnapshotId>
  readonly blobs: number
  readonly plaintextBytes: number
}

/** Snapshots are saved together until about so much was copied: small ones share packs, and little is lost when a long copy dies. */
const BATCH_BYTES = 1024 * 1024 * 1024

/**
 * Copies snapshots into another repository: what the target lacks is read, checked, and sealed under its key. A snapshot keeps its time,
 * host, paths, tags and summary, loses its parent, and remembers the first of its line as `original`; one that the target has already, by
 * that memory and by its fields, is skipped. Interrupted copies leave whole packs behind, which the next one finds. The caller holds a lock
 * of both repositories.
 *
 * @throws EngineError `data.missing`, `data.damaged` where the source cannot give something whole; `storage.*`
 */
export async function copySnapshots(source: IndexedRepository, target: IndexedRepository, options: CopyOptions): Promise<CopyResult> {
  const copy = new SnapshotCopy(source, target, options)
  const pending = copy.withoutCopied()
  while (pending.length > 0) await copy.copyBatch(pending)
  return copy.result
}

class SnapshotCopy {
  readonly #source: IndexedRepository
  readonly #target: IndexedRepository
  readonly #options: CopyOptions
  readonly #visitedTrees: BlobSet
  readonly #copied = new Map<SnapshotId, SnapshotId>()
  readonly #skipped = new Map<SnapshotId, SnapshotId>()
  #blobs = 0
  #plaintextBytes = 0

  constructor(source: IndexedRepository, target: IndexedRepository, options: CopyOptions) {
    this.#source = source
    this.#target = target
    this.#options = options
    this.#visitedTrees = new BlobSet(source.index)
  }

  get result(): CopyResult {
    return { copied: this.#copied, skipped: this.#skipped, blobs: this.#blobs, plaintextBytes: this.#plaintextBytes }
  }

  /** The snapshots that are to be copied, in their order; the others are reported. */
  withoutCopied(): StoredSnapshot[] {
    const { snapshots, targetSnapshots, observer } = this.#options
    const candidates = new Map<SnapshotId, StoredSnapshot[]>()
    for (const snapshot of targetSnapshots) {
      for (const id of new Set([snapshot.id, snapshot.original ?? snapshot.id])) {
        const known = candidates.get(id)
        if (known === undefined) candidates.set(id, [snapshot])
        else known.push(snapshot)
      }
    }
    return snapshots.filter((snapshot) => {
      const existing = candidates.get(snapshot.original ?? snapshot.id)?.find((candidate) => isSameSnapshot(candidate, snapshot))
      if (existing === undefined) return true
      this.#skipped.set(snapshot.id, existing.id)
      observer?.snapshotSkipped?.(snapshot, existing)
      return false
    })
  }

  /** Copies and takes off `pending` as many snapshots as make a batch. */
  async copyBatch(pending: StoredSnapshot[]): Promise<void> {
    const { signal } = this.#options
    const batch: StoredSnapshot[] = []
    await this.#target.write(async (writer) => {
      for (let copiedBytes = 0; copiedBytes < BATCH_BYTES; ) {
        const snapshot = pending.shift()
        if (snapshot === undefined) return
        copiedBytes += await this.#copyContent(snapshot, writer)
        batch.push(snapshot)
      }
    }, this.#options)
    for (const snapshot of batch) {
      const { id, parent, ...fields } = snapshot
      const saved = await saveSnapshot(this.#target.repository, { ...fields, original: snapshot.original ?? id }, { signal })
      this.#copied.set(id, saved)
      this.#options.observer?.snapshotSaved?.(snapshot, saved)
    }
  }

  /** Copies what a snapshot refers to; returns the bytes it took in the source. */
  async #copyContent(snapshot: StoredSnapshot, writer: RepositoryWriter): Promise<number> {
    const { observer, signal } = this.#options
    const entries = await this.#findMissing(snapshot)
    let storedBytes = 0
    for (const entry of entries) storedBytes += this.#source.index.entryAt(entry).length
    observer?.snapshotStarted?.(snapshot, { blobs: entries.length, storedBytes })
    await transferBlobs(this.#source, writer, {
      entries,
      signal,
      keepCompressed: this.#target.repository.config.version > 1 && this.#options.recompress !== true,
      onBlob: (blob) => {
        this.#blobs++
        this.#plaintextBytes += plaintextLength(blob)
        observer?.advanced?.(blob.length)
      },
    })
    return storedBytes
  }

  /** Positions in the source's index of all blobs that a snapshot needs and the target does not have. */
  async #findMissing(snapshot: StoredSnapshot): Promise<readonly number[]> {
    const { index, repository } = this.#source
    const missing = new BlobSet(index)
    const note = (type: 'data' | 'tree', id: StoredSnapshot['tree']): void => {
      if (this.#target.index.has(type, id)) return
      const entry = index.entryOf(type, id)
      if (entry < 0) throw missingBlob(id, repository.location)
      missing.addEntry(entry)
    }
    const wants = (id: StoredSnapshot['tree']): boolean => this.#visitedTrees.add('tree', id)
    for await (const { id, tree } of streamTrees(this.#source, [snapshot.tree], { wants, signal: this.#options.signal })) {
      note('tree', id)
      for (const node of tree.nodes) for (const blob of node.content ?? []) note('data', blob)
    }
    return [...missing.entries()]
  }
}

/** Whether two snapshots are copies of each other: all fields agree but parent, original, program and summary, as restic judges it. */
function isSameSnapshot(a: Snapshot, b: Snapshot): boolean {
  const fields = ['tree', 'hostname', 'username'] as const
  if (!sameInstant(a.time, b.time) || fields.some((field) => (a[field] ?? '') !== (b[field] ?? ''))) return false
  if ((a.uid ?? 0) !== (b.uid ?? 0) || (a.gid ?? 0) !== (b.gid ?? 0)) return false
  return sameMembers(a.paths, b.paths) && sameMembers(a.tags, b.tags) && sameList(a.excludes, b.excludes)
}

/** As restic compares them: as many, and every one of `b` is among `a`. */
function sameMembers(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && b.every((member) => a.includes(member))
}

function sameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((item, position) => item === b[position])
}
