import type { ByteString } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import { type BrokenTree, type TreeReader, type WalkedNode, walkTree } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'

/** A node of a listing. */
export interface ListedNode extends WalkedNode {
  /** The node is not in one of the folders asked for but on the way to one. */
  readonly isOnTheWay: boolean
}

export interface ListOptions extends CallOptions {
  /** Absolute paths, without a slash at the end: these and what is directly in them is listed. When absent or empty, everything. */
  readonly paths?: readonly ByteString[]
  /** List also what is further below `paths`. */
  readonly recursive?: boolean
  /** Give the folders on the way to `paths` too. */
  readonly withFoldersOnTheWay?: boolean
  /** Called after each folder that was given, when everything of it was. */
  readonly onLeave?: (entry: WalkedNode) => void
  /** Told of folders that cannot be read, which are passed over; when absent the first of them ends the listing. */
  readonly onBroken?: (broken: BrokenTree) => void
}

/**
 * The content of a snapshot as restic's `ls` gives it: a folder's node before what it holds, names in the order of their bytes.
 *
 * @throws EngineError `data.*` for a tree that cannot be read, `storage.*`
 */
export async function* listSnapshot(reader: TreeReader, tree: BlobId, options: ListOptions = {}): AsyncGenerator<ListedNode> {
  const { paths = [], recursive = false, withFoldersOnTheWay = false, onLeave, signal, onBroken } = options
  const isListed = (path: ByteString): boolean => paths.length === 0 || paths.some((folder) => isWithin(path, folder))
  const isOnTheWay = (path: ByteString): boolean => paths.some((folder) => isWithin(folder, path))
  const enters = (path: ByteString): boolean => paths.length === 0 || (recursive && isListed(path)) || isOnTheWay(path)
  const isGiven = (path: ByteString): boolean => isListed(path) || (withFoldersOnTheWay && isOnTheWay(path))
  const leave = (entry: WalkedNode): void => {
    if (isGiven(entry.path)) onLeave?.(entry)
  }
  const walk = walkTree(reader, tree, {
    signal,
    enter: ({ path }) => enters(path),
    onLeave: leave,
    ...(onBroken === undefined ? {} : { onBroken }),
  })
  for await (const entry of walk) {
    if (!isGiven(entry.path)) continue
    yield { ...entry, isOnTheWay: !isListed(entry.path) }
    if (entry.node.type === 'dir' && !enters(entry.path)) leave(entry)
  }
}

/** Whether `path` is `folder` or below it. */
function isWithin(path: ByteString, folder: ByteString): boolean {
  return path === folder || folder === '/' || (path.startsWith(folder) && path[folder.length] === '/')
}
