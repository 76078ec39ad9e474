import { EngineError } from '../../errors.ts'
import { type ByteString, displayText, joinBytes } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { isSafeName } from '../../format/tree.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { walkTree } from '../../snapshots/tree-walker.ts'
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
}

/**
 * The entries of an archive: as in restic files, folders and symbolic links; each name of a file has its own copy of its content.
 *
 * @throws EngineError `target.unsafe` for a name that an archive could not be unpacked with safely, and what reading trees throws
 */
export async function* archiveEntries(
  indexed: IndexedRepository,
  tree: BlobId,
  { rootPath, signal }: ArchiveOptions,
): AsyncGenerator<ArchiveEntry> {
  const walk = walkTree(indexed, tree, { signal, ...(rootPath === undefined ? {} : { rootPath: rootPathOf(rootPath) }) })
  for await (const { path, node } of walk) {
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
