import {
  byteStringOf,
  type IndexedRepository,
  isEngineError,
  loadSnapshot,
  type SnapshotId,
  type StoredSnapshot,
  saveSnapshot,
  type TreeNode,
  walkTree,
} from '@holdfast/engine'
import { snapshotPathOf } from '../batch-upload.ts'
import { pathsOf, sizeOf, summaryOf } from '../snapshot-facts.ts'
import { SnapshotFolders } from '../snapshot-folders.ts'
import type { Rebuild, SnapshotContent } from './rebuild-plan.ts'
import type { KeptSnapshot, Replacement } from './store.ts'

export interface RebuildContext {
  /** The caller holds an exclusive lock on it. */
  readonly indexed: IndexedRepository
  readonly signal: AbortSignal
  /** Told of a snapshot before it is stored. */
  readonly announce: (id: SnapshotId) => Promise<void>
  /** Told of a snapshot that is left alone, as it cannot be read. */
  readonly onUnreadable: (snapshot: KeptSnapshot, error: Error) => void
}

/** A snapshot that was made, and those whose place it is to take. */
export interface Rebuilt {
  readonly former: readonly SnapshotContent[]
  readonly replacement: Replacement
}

interface ReadSnapshot {
  readonly content: SnapshotContent
  readonly stored: StoredSnapshot
  /** The nodes of what stays, by their paths. */
  readonly nodes: ReadonlyMap<string, TreeNode>
}

/**
 * Makes one snapshot of what stays of several; nothing is taken away. Those that cannot be read are passed over. Undefined where that
 * leaves nothing to do.
 * @throws {EngineError} `storage.*`; the index has to be loaded anew then
 */
export async function rebuildSnapshot(context: RebuildContext, rebuild: Rebuild): Promise<Rebuilt | undefined> {
  const sources: ReadSnapshot[] = []
  for (const content of rebuild) {
    const source = await readSnapshot(context, content)
    if (source !== undefined) sources.push(source)
  }
  const newest = sources.at(-1)
  const isChange = sources.length > 1 || sources.some(({ content }) => content.dropped.length > 0)
  if (newest === undefined || !isChange) return undefined
  const { indexed, signal, announce } = context
  const files = sources.flatMap(({ content }) => content.kept)
  const treeId = await indexed.write((writer) => foldersOf(sources).save(async (content) => (await writer.saveBlob('tree', content)).id), {
    signal,
  })
  const { id, ...fields } = newest.stored
  const paths = pathsOf(files)
  const addedBytes = sources.reduce((sum, { content }) => sum + addedBytesOf(content), 0)
  const snapshot = { ...fields, tree: treeId, paths, original: id, summary: summaryOf(files, { time: fields.time, addedBytes }) }
  const snapshotId = await saveSnapshot(indexed.repository, snapshot, { signal, onNamed: announce })
  const { repository_id: repositoryId } = newest.content.snapshot
  const replacement = { repositoryId, snapshotId, treeId, paths, addedBytes, fileCount: files.length, sizeBytes: sizeOf(files) }
  return { former: sources.map(({ content }) => content), replacement }
}

/** Undefined for what cannot be read. */
async function readSnapshot(context: RebuildContext, content: SnapshotContent): Promise<ReadSnapshot | undefined> {
  const { indexed, signal, onUnreadable } = context
  try {
    const stored = await loadSnapshot(indexed.repository, content.snapshot.snapshot_id as SnapshotId, { signal })
    const wanted = new Map(content.kept.map(({ path }) => [byteStringOf(snapshotPathOf(path)) as string, snapshotPathOf(path)]))
    const nodes = new Map<string, TreeNode>()
    for await (const { path, node } of walkTree(indexed, stored.tree, { signal })) {
      const name = wanted.get(path)
      if (name !== undefined && node.type === 'file') nodes.set(name, node)
    }
    if (nodes.size === wanted.size) return { content, stored, nodes }
    onUnreadable(content.snapshot, new Error(`${wanted.size - nodes.size} files are not in it`))
  } catch (error) {
    if (!isEngineError(error, 'data.missing', 'data.damaged', 'data.malformed', 'storage.not-found')) throw error
    onUnreadable(content.snapshot, error)
  }
  return undefined
}

/** What of a snapshot's growth of the repository is due to that which stays; who else has its blobs is not known. */
function addedBytesOf({ snapshot, kept, dropped }: SnapshotContent): number {
  const keptBytes = sizeOf(kept)
  const allBytes = keptBytes + sizeOf(dropped)
  return allBytes === 0 ? 0 : Math.round(((snapshot.added_bytes ?? 0) * keptBytes) / allBytes)
}

function foldersOf(sources: readonly ReadSnapshot[]): SnapshotFolders {
  const folders = new SnapshotFolders()
  for (const { content, nodes } of sources) {
    for (const { path, uploaded_at } of content.kept) {
      const node = nodes.get(snapshotPathOf(path))
      if (node !== undefined) folders.add(snapshotPathOf(path), { node, modifiedAt: uploaded_at })
    }
  }
  return folders
}
