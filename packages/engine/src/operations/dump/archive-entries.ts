import { EngineError } from '../../errors.ts'
import { type ByteString, displayText, joinBytes } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { isSafeName } from '../../format/tree.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { type WalkedNode, walkTree } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** What an archive holds of a node. */
export interface ArchiveEntry {
  /** Without a slash at either end. */
  readonly path: ByteString
  readonly node: TreeNode
}

export interface ArchiveOptions extends CallOptions {
  /** The folder of the tree in the snapshot: paths in the archive begin with it, as in restic. Default `/`. */
  readonly rootPath?: ByteString
  /**
   * Only these and what is below them, with the folders on the way: paths below the tree, a slash before each name. Everything, if absent.
   */
  readonly paths?: readonly ByteString[]
}

/**
 * The entries of an archive: as in restic files, folders and symbolic links; each name of a file has its own copy of its content.
 *
 * @throws EngineError `target.unsafe` for a name that an archive could not be unpacked with safely, and what reading trees throws
 */
export async function* archiveEntries(
  indexed: IndexedRepository,
  tree: BlobId,
  { rootPath = '/' as ByteString, signal, paths }: ArchiveOptions,
): AsyncGenerator<ArchiveEntry> {
  const root = rootPathOf(rootPath)
  const isWanted = paths === undefined ? () => true : wantedBy(paths.map((path) => joinBytes(root, path.slice(1) as ByteString)))
  for await (const entry of walkTree(indexed, tree, { signal, rootPath: root, enter: isWanted })) {
    if (!isWanted(entry)) continue
    const { path, node } = entry
    if (!isSafeName(node.name)) {
      const name = JSON.stringify(displayText(node.name.slice(0, 300) as ByteString))
      throw new EngineError('target.unsafe', `Cannot put ${name} into an archive: not the name of a file`)
    }
    if (node.type === 'file' || node.type === 'dir' || node.type === 'symlink') yield { path: path.slice(1) as ByteString, node }
  }
}

function rootPathOf(path: ByteString): ByteString {
  return joinBytes('/' as ByteString, path.split('/').filter(Boolean).join('/') as ByteString)
}

/** Whether a node is one of `paths`, below one, or a folder on the way to one. However many they are, it is found by looking up. */
function wantedBy(paths: readonly ByteString[]): (node: WalkedNode) => boolean {
  const chosen = new Set<string>(paths)
  const onTheWay = new Set(paths.flatMap(foldersAbove))
  return ({ path, node }) =>
    chosen.has(path) || (node.type === 'dir' && onTheWay.has(path)) || foldersAbove(path).some((folder) => chosen.has(folder))
}

/** `/a` and `/a/b` for `/a/b/c`. */
function foldersAbove(path: ByteString): readonly string[] {
  const folders: string[] = []
  for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) folders.push(path.slice(0, end))
  return folders
}
