import { hash } from 'node:crypto'
import {
  type BlobId,
  type ByteString,
  type Clock,
  type IndexedRepository,
  isEngineError,
  type TreeNode,
  timestampToMs,
} from '@holdfast/engine'
import { WokenWork } from '../../woken-work.ts'
import { KINDS, kindOf } from '../snapshots/folder-listing.ts'
import { addressOf, namesOf, pathOfAddress, pathOfNames } from '../snapshots/snapshot-path.ts'
import { isSameContent, type TreeChange, treeChanges } from '../snapshots/tree-changes.ts'
import type { IndexStore, PendingSnapshot, SeriesPlace, VersionChange } from './index-store.ts'
import { foldName } from './search-text.ts'

export interface IndexerOptions {
  readonly store: IndexStore
  readonly clock: Clock
  readonly repositories: { read(repositoryId: number, options: { readonly tree: BlobId }): Promise<IndexedRepository> }
  /** Runs `action` unless another process does: then nothing happens. */
  readonly exclusively: (action: (signal: AbortSignal) => Promise<void>) => Promise<void>
  /** Told what went wrong; the snapshot is tried again later. */
  readonly onFailure?: (failure: { readonly snapshotId: number; readonly error: unknown }) => void
}

/** Changes that are written at once, and so the most that are in memory. */
const BATCH_CHANGES = 1000
const SNAPSHOTS_AT_ONCE = 50
const LOOK_EVERY_MS = 60_000
const RETRY_AFTER_MS = 60_000
const RETRY_AFTER_MS_MAX = 24 * 3_600_000
/** Names longer than any file system has them are not worth the room. */
const NAME_BYTES_MAX = 4096

/** Keeps the index of files up to date in the background: takes in snapshots that have come, takes out those that have gone. */
export class Indexer {
  readonly #options: IndexerOptions
  readonly #work: WokenWork

  constructor(options: IndexerOptions) {
    this.#options = options
    this.#work = new WokenWork({ clock: options.clock, everyMs: LOOK_EVERY_MS, work: (signal) => this.#workAlone(signal) })
  }

  start(): void {
    this.#work.start()
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  /** Looks soon whether there is something to do; called when snapshots have come or gone. Before {@link start} nothing happens. */
  wake(): void {
    this.#work.wake()
  }

  /** Brings the index up to date, as far as it can be now. */
  async catchUp(signal: AbortSignal): Promise<void> {
    while ((await this.#removeSome(signal)) || (await this.#takeInSome(signal))) signal.throwIfAborted()
  }

  /** File versions that only this snapshot holds, and their bytes; undefined while it is not in the index. */
  async lostWith(snapshotId: number): Promise<{ readonly count: number; readonly sizeBytes: number } | undefined> {
    const { store } = this.#options
    const place = await store.find(snapshotId)
    return place && store.countOnlyIn(place)
  }

  async #workAlone(stopping: AbortSignal): Promise<void> {
    const { exclusively, onFailure } = this.#options
    try {
      await exclusively((signal) => this.catchUp(AbortSignal.any([signal, stopping])))
    } catch (error) {
      if (!stopping.aborted) onFailure?.({ snapshotId: 0, error })
    }
  }

  async #removeSome(signal: AbortSignal): Promise<boolean> {
    const gone = await this.#options.store.gone(SNAPSHOTS_AT_ONCE)
    for (const snapshot of gone) {
      // What is half taken in stands on the snapshot before it: it is taken out first, and taken in again later.
      const half = await this.#options.store.halfOf(snapshot.series_id)
      if (half !== undefined && half.snapshot_id !== snapshot.snapshot_id) await this.#options.store.remove(half, signal)
      await this.#options.store.remove(snapshot, signal)
    }
    return gone.length > 0
  }

  async #takeInSome(signal: AbortSignal): Promise<boolean> {
    const { store, clock, onFailure } = this.#options
    const pending = await store.pending({ now: clock.now(), limit: SNAPSHOTS_AT_ONCE })
    for (const snapshot of pending) {
      try {
        await this.#takeIn(snapshot, signal)
      } catch (error) {
        if (signal.aborted) throw error
        onFailure?.({ snapshotId: snapshot.id, error })
        const isLost = isEngineError(error, 'data.missing', 'data.damaged', 'data.malformed')
        await store.postpone(snapshot.id, (failures) => {
          const waitMs = isLost ? RETRY_AFTER_MS_MAX : Math.min(RETRY_AFTER_MS_MAX, RETRY_AFTER_MS * 2 ** Math.min(failures, 20))
          return clock.now() + waitMs
        })
      }
      // What has gone meanwhile goes first: it may be what the next one would be compared with.
      if ((await store.gone(1)).length > 0) return true
    }
    return pending.length > 0
  }

  async #takeIn(snapshot: PendingSnapshot, signal: AbortSignal): Promise<void> {
    const { store, repositories } = this.#options
    const line = lineOf(snapshot)
    const half = await store.halfOfLine(snapshot, line)
    // One at a time in a series: the next is compared with a whole one. What cannot be read does not keep the others.
    if (half !== undefined && half.snapshot_id !== snapshot.id) await store.remove(half, signal)
    const place = await store.place(snapshot, line)
    const parent = await store.newestBefore(place.seriesId, place.seq)
    const indexed = await repositories.read(snapshot.repositoryId, { tree: snapshot.treeId as BlobId })
    const changes = treeChanges(indexed, {
      from: parent?.tree_id as BlobId | undefined,
      to: snapshot.treeId as BlobId,
      ...(place.resumePath === null ? {} : { after: namesOf(pathOfAddress(place.resumePath)) }),
      expand: true,
      signal,
    })
    await this.#write(place, changes)
    await store.finish(snapshot.id)
  }

  async #write(place: SeriesPlace, changes: AsyncIterable<TreeChange>): Promise<void> {
    const { store } = this.#options
    const folders = new FolderMemory()
    let batch: VersionChange[] = []
    let last: ByteString | undefined
    for await (const change of changes) {
      const version = versionChange(change, folders)
      if (version === undefined) continue
      batch.push(version)
      last = change.path
      if (batch.length < BATCH_CHANGES) continue
      await store.apply(place, batch, addressOf(last))
      batch = []
    }
    if (batch.length > 0 && last !== undefined) await store.apply(place, batch, addressOf(last))
  }
}

/** Snapshots of the same plan, or of the same host and folders, follow each other. */
function lineOf({ planId, hostname, paths }: PendingSnapshot): string {
  return planId === null ? `host ${hash('sha256', JSON.stringify([hostname, paths]))}` : `plan ${planId}`
}

/** The address of the folder that the last change was in: changes come folder by folder. */
class FolderMemory {
  #path: string | undefined
  #folder = { folderPath: '/', folderHash: hashOf('/') }

  of(path: ByteString): Pick<VersionChange, 'folderPath' | 'folderHash'> {
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (folder !== this.#path) {
      this.#path = folder
      const folderPath = addressOf(pathOfNames(namesOf(folder as ByteString)))
      this.#folder = { folderPath, folderHash: hashOf(folderPath) }
    }
    return this.#folder
  }
}

/** The number by which a path is found. */
export function hashOf(path: string): number {
  return Number.parseInt(hash('sha256', path).slice(0, 12), 16)
}

/** What of a change is in the index: content, size, and time of files; of all others, that they are there. */
function versionChange({ path, before, after }: TreeChange, folders: FolderMemory): VersionChange | undefined {
  const name = (after ?? before)?.name
  if (name === undefined || name.length > NAME_BYTES_MAX || name === '') return undefined
  if (before !== undefined && after !== undefined && isSameVersion(before, after)) return undefined
  const version = after && {
    kind: KINDS.indexOf(kindOf(after.type)),
    size_bytes: after.type === 'file' ? (after.size ?? 0) : 0,
    modified_at: timestampToMs(after.mtime),
  }
  return { ...folders.of(path), name: addressOf(name), folded: foldName(name), version, wasThere: before !== undefined }
}

function isSameVersion(before: TreeNode, after: TreeNode): boolean {
  if (before.type !== after.type) return false
  if (before.type !== 'file') return true
  return before.mtime === after.mtime && before.size === after.size && isSameContent(before, after)
}
