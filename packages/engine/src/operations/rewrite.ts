import { hash } from 'node:crypto'
import { EngineError } from '../errors.ts'
import type { ByteString } from '../format/byte-string.ts'
import type { BlobId, SnapshotId } from '../format/ids.ts'
import { EMPTY_SUMMARY, type Snapshot, type SnapshotSummary, type StoredSnapshot } from '../format/snapshot.ts'
import type { Timestamp } from '../format/timestamp.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import type { WriteOptions } from '../repository/repository-writer.ts'
import { removeSnapshot, saveSnapshot } from '../snapshots/save-snapshot.ts'
import type { PathFilter } from './path-filter.ts'
import { type NodeSelection, type RewrittenTree, rewriteTree } from './rewrite-tree.ts'

export interface RewriteOptions extends WriteOptions {
  /** What to drop. Not together with `includes`. */
  readonly excludes?: PathFilter
  /** What alone to keep, with the folders that lead to it. */
  readonly includes?: PathFilter
  readonly newHost?: string
  readonly newTime?: Timestamp
  /** Give snapshots a summary that have none, with files and bytes counted. */
  readonly snapshotSummary?: boolean
  /** Remove each snapshot after it was written anew; else both stay, and the new one gets the tag `rewrite`. */
  readonly forget?: boolean
  /** Only say what would happen. */
  readonly dryRun?: boolean
  readonly onDropped?: (snapshot: StoredSnapshot, path: ByteString) => void
}

/** What became of a snapshot, or would become of it. */
export type RewriteOutcome =
  | { readonly kind: 'unchanged' }
  /** `id` is absent in a dry run. */
  | { readonly kind: 'rewritten'; readonly snapshot: Snapshot; readonly id?: SnapshotId }

/** The tag of snapshots that were written anew beside the former ones. */
const REWRITE_TAG = 'rewrite'

/**
 * Writes a snapshot anew with other content or other metadata, as restic's `rewrite` does. It stays untouched where that changes nothing
 * or includes fit nothing. The new one is durable before the former is removed. The caller holds a lock, an exclusive one with `forget`.
 *
 * @throws EngineError `input.invalid` where there is nothing to do, `data.*` for a tree that cannot be read or rewritten, `storage.*`
 */
export async function rewriteSnapshot(
  indexed: IndexedRepository,
  snapshot: StoredSnapshot,
  options: RewriteOptions,
): Promise<RewriteOutcome> {
  checkOptions(options)
  const { excludes, includes, dryRun = false, forget = false, signal } = options
  const { repository } = indexed
  const isContentChosen = excludes !== undefined || includes !== undefined
  const rewritten = isContentChosen || options.snapshotSummary === true ? await rewriteContent(indexed, snapshot, options) : undefined
  // Includes that fit nothing are taken for a mistake, as restic does.
  if (rewritten !== undefined && rewritten.tree === undefined) return { kind: 'unchanged' }
  const replacement = replacementOf(snapshot, rewritten, options)
  if (replacement === undefined) return { kind: 'unchanged' }
  if (dryRun) return { kind: 'rewritten', snapshot: replacement }
  const id = await saveSnapshot(repository, replacement, { signal })
  if (forget) await removeSnapshot(repository, snapshot.id, { signal })
  return { kind: 'rewritten', snapshot: replacement, id }
}

async function rewriteContent(indexed: IndexedRepository, snapshot: StoredSnapshot, options: RewriteOptions): Promise<RewrittenTree> {
  const { signal, onDropped } = options
  const shared = {
    signal,
    selection: selectionOf(options),
    ...(onDropped === undefined ? {} : { onDropped: (path: ByteString) => onDropped(snapshot, path) }),
  }
  if (options.dryRun) {
    const saveTree = async (content: Buffer): Promise<BlobId> => hash('sha256', content, 'hex') as BlobId
    return rewriteTree(indexed, snapshot.tree, { ...shared, saveTree })
  }
  return indexed.write(
    (writer) =>
      rewriteTree(indexed, snapshot.tree, { ...shared, saveTree: async (content) => (await writer.saveBlob('tree', content)).id }),
    options,
  )
}

/** The snapshot as it is to be; undefined where nothing changes. */
function replacementOf(snapshot: StoredSnapshot, rewritten: RewrittenTree | undefined, options: RewriteOptions): Snapshot | undefined {
  const { newHost, newTime, snapshotSummary = false, forget = false } = options
  const tree = rewritten?.tree ?? snapshot.tree
  const isTreeChanged = tree !== snapshot.tree
  // A summary is brought up to date where the content changed, and made only where it was asked for.
  const summary = rewritten !== undefined && (isTreeChanged || snapshotSummary) ? summaryOf(snapshot.summary, rewritten) : snapshot.summary
  const isSummaryChanged = JSON.stringify(summary) !== JSON.stringify(snapshot.summary)
  if (!isTreeChanged && !isSummaryChanged && newHost === undefined && newTime === undefined) return undefined
  const { id, ...fields } = snapshot
  const tags = forget || fields.tags?.includes(REWRITE_TAG) ? fields.tags : [...(fields.tags ?? []), REWRITE_TAG]
  return {
    ...fields,
    tree,
    original: id,
    ...(tags === undefined ? {} : { tags }),
    ...(summary === undefined ? {} : { summary }),
    ...(newHost === undefined ? {} : { hostname: newHost }),
    ...(newTime === undefined ? {} : { time: newTime }),
  }
}

function summaryOf(known: SnapshotSummary | undefined, { files, bytes }: RewrittenTree): SnapshotSummary {
  return { ...(known ?? EMPTY_SUMMARY), total_files_processed: files, total_bytes_processed: bytes }
}

function selectionOf({ excludes, includes }: RewriteOptions): NodeSelection {
  if (includes === undefined) return { keeps: (path) => excludes?.matches(path) !== true, keepsEmptyFolder: () => true }
  return {
    keeps: (path, node) => {
      const { matched, childMayMatch } = includes.match(path)
      return matched || (node.type === 'dir' && childMayMatch)
    },
    keepsEmptyFolder: (path) => includes.match(path).matched,
  }
}

function checkOptions({ excludes, includes, newHost, newTime, snapshotSummary }: RewriteOptions): void {
  if (excludes !== undefined && includes !== undefined) {
    throw new EngineError('input.invalid', 'Cannot rewrite: what to exclude and what to include cannot be given together')
  }
  if (!excludes && !includes && newHost === undefined && newTime === undefined && !snapshotSummary) {
    throw new EngineError('input.invalid', 'Cannot rewrite: nothing to exclude and no new host, time or summary')
  }
}
