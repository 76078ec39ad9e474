import { byteStringOf } from '../../format/byte-string.ts'
import { type BlobId, type SnapshotId, shortId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { type Timestamp, timestampFromMs } from '../../format/timestamp.ts'
import { encodeNode, encodeTree } from '../../format/tree.ts'
import { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { readAhead } from '../../repository/read-ahead.ts'
import type { WriteOptions } from '../../repository/repository-writer.ts'
import { TreePackReader } from '../../repository/tree-pack-reader.ts'
import { loadSnapshots } from '../../snapshots/load-snapshots.ts'
import { saveSnapshot } from '../../snapshots/save-snapshot.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { OnProgress } from '../step-progress.ts'

export interface RecoverOptions extends CallOptions {
  readonly onProgress?: OnProgress<'trees'>
}

/** What a recovery will save. Nothing has happened yet. */
export interface RecoverPlan {
  readonly indexed: IndexedRepository
  /** Trees that no snapshot and no other tree refers to: the roots of snapshots that were lost. */
  readonly roots: readonly BlobId[]
  /** Trees that cannot be read. */
  readonly unreadableTrees: number
}

const READ_AHEAD = 16
/** Go's bit of a folder beside the usual rights. */
const FOLDER_MODE = 2 ** 31 + 0o755
const RECOVERED_PATH = '/recover'
const RECOVERED_TAG = 'recovered'

/** Finds the trees at the top of what no snapshot refers to. Snapshots that cannot be read refer to nothing. */
export async function planRecover(indexed: IndexedRepository, options: RecoverOptions = {}): Promise<RecoverPlan> {
  const { signal, onProgress } = options
  const referenced = new BlobSet(indexed.index)
  const readable = new BlobSet(indexed.index)
  let done = 0
  const reader = new TreePackReader(indexed)
  const reads = readAhead(treesOf(indexed), { start: (id) => reader.readTree(id, { signal }), maxItems: READ_AHEAD })
  for await (const read of reads) {
    if (!read.ok && !isDamage(read.error)) throw read.error
    if (read.ok) {
      readable.add('tree', read.item)
      for (const { subtree } of read.result.nodes) if (subtree !== undefined) referenced.add('tree', subtree)
    }
    onProgress?.({ step: 'trees', done: ++done })
  }
  for (const { tree } of await loadSnapshots(indexed.repository, { signal, onBroken: () => undefined })) referenced.add('tree', tree)
  const roots = [...readable].map(({ id }) => id).filter((id) => !referenced.has('tree', id))
  return { indexed, roots, unreadableTrees: done - readable.size }
}

/** Saves a snapshot that holds each root as a folder named by the beginning of its id. Undefined where there are no roots. */
export async function executeRecover(plan: RecoverPlan, options: WriteOptions = {}): Promise<SnapshotId | undefined> {
  const { indexed, roots } = plan
  if (roots.length === 0) return undefined
  const { clock, identity } = indexed.repository
  const time = timestampFromMs(clock.now())
  const names = namesOf(roots)
  const nodes = roots.map((id, at) => folderNode(id, { time, name: names[at] ?? id })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const { id: tree } = await indexed.write((writer) => writer.saveBlob('tree', encodeTree(nodes.map(encodeNode))), options)
  const { hostname, username, uid, gid } = identity
  const snapshot = { time, tree, paths: [RECOVERED_PATH], hostname, username, uid, gid, tags: [RECOVERED_TAG] }
  return saveSnapshot(indexed.repository, snapshot, { signal: options.signal })
}

function* treesOf({ index }: IndexedRepository): Generator<BlobId> {
  for (let entry = 0; entry < index.size; entry++) {
    if (index.typeAt(entry) === 'tree' && index.firstEntryOf(entry) === entry) yield index.entryAt(entry).id
  }
}

/** The beginning of each id as it is shown elsewhere, or all of it where several begin in the same way. */
function namesOf(ids: readonly BlobId[]): string[] {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(shortId(id), (counts.get(shortId(id)) ?? 0) + 1)
  return ids.map((id) => (counts.get(shortId(id)) === 1 ? shortId(id) : id))
}

function folderNode(subtree: BlobId, options: { readonly time: Timestamp; readonly name: string }): TreeNode {
  const { time, name } = options
  return {
    name: byteStringOf(name),
    type: 'dir',
    mode: FOLDER_MODE,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 0,
    gid: 0,
    content: null,
    subtree,
  }
}
