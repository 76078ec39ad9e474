import { type ByteString, byteStringOf, joinBytes } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { NodeType, Tree, TreeNode } from '../../format/node.ts'
import { decodeTree, encodeNode, encodeTree, isSafeName } from '../../format/tree.ts'
import { BlobSet, plaintextLength } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { TreePackReader } from '../../repository/tree-pack-reader.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** What a repair did to an entry of a folder. */
export type TreeChange =
  | 'file lost content'
  | 'file lost all content'
  | 'size corrected'
  | 'folder emptied'
  | 'entry removed'
  | 'entry renamed'
  | 'entries sorted'

export interface TreeRepairOptions extends CallOptions {
  /** Stores a tree that was changed, or only gives its id. */
  readonly saveTree: (content: Buffer) => Promise<BlobId>
  readonly onChange?: (path: ByteString, change: TreeChange) => void
}

const NODE_TYPES: ReadonlySet<NodeType> = new Set<NodeType>(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket'])
const ROOT = byteStringOf('/')

/**
 * Makes trees whole again by leaving out what is lost: parts of files that the index does not have, folders that cannot be read, entries
 * that are nothing. Everything else stays as it is; a tree without damage keeps its id. Trees that snapshots share are repaired once.
 */
export class TreeRepairer {
  readonly #indexed: IndexedRepository
  readonly #reader: TreePackReader
  readonly #options: TreeRepairOptions
  readonly #sound: BlobSet
  readonly #repaired = new Map<BlobId, BlobId>()

  constructor(indexed: IndexedRepository, options: TreeRepairOptions) {
    this.#indexed = indexed
    this.#reader = new TreePackReader(indexed)
    this.#options = options
    this.#sound = new BlobSet(indexed.index)
  }

  /** The id of the whole tree that takes the place of `root`; undefined where `root` cannot be read at all. */
  async repair(root: BlobId): Promise<BlobId | undefined> {
    return this.#repairTree(root, ROOT)
  }

  async #repairTree(id: BlobId, path: ByteString): Promise<BlobId | undefined> {
    this.#options.signal?.throwIfAborted()
    if (this.#sound.has('tree', id)) return id
    const known = this.#repaired.get(id)
    if (known !== undefined) return known
    const read = await this.#read(id)
    if (read === undefined) return undefined
    if (!read.isSorted) this.#report(path, 'entries sorted')
    const nodes: TreeNode[] = []
    for (const node of read.tree.nodes) nodes.push(...(await this.#repairNode(node, path)))
    const isUnchanged = read.isSorted && nodes.length === read.tree.nodes.length && nodes.every((node, at) => node === read.tree.nodes[at])
    if (isUnchanged) {
      this.#sound.add('tree', id)
      return id
    }
    const repaired = await this.#options.saveTree(encodeTree(this.#arranged(nodes, path).map(encodeNode)))
    this.#repaired.set(id, repaired)
    return repaired
  }

  /** The tree, also one whose entries are in a wrong order; undefined where it is lost. */
  async #read(id: BlobId): Promise<{ readonly tree: Tree; readonly isSorted: boolean } | undefined> {
    try {
      const content = await this.#reader.readTreeBlob(id, { signal: this.#options.signal })
      const tree = decodeTree(content, { anyOrder: true })
      const isSorted = tree.nodes.every(({ name }, at) => isSafeName(name) && (at === 0 || name > (tree.nodes[at - 1]?.name ?? '')))
      return { tree, isSorted }
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }

  /** What stays of an entry: the same object where nothing is wrong with it, nothing where it is no use. */
  async #repairNode(node: TreeNode, folder: ByteString): Promise<readonly TreeNode[]> {
    const path = joinBytes(folder, node.name)
    if (node.type === 'file') return [this.#repairFile(node, path)]
    if (node.type === 'dir') return [await this.#repairFolder(node, path)]
    if (NODE_TYPES.has(node.type)) return [node]
    this.#report(path, 'entry removed')
    return []
  }

  #repairFile(node: TreeNode, path: ByteString): TreeNode {
    const { index } = this.#indexed
    const places = (node.content ?? []).map((id) => ({ id, place: index.find('data', id) }))
    const content = places.flatMap(({ id, place }) => (place === undefined ? [] : [id]))
    const size = places.reduce((sum, { place }) => sum + (place === undefined ? 0 : plaintextLength(place)), 0)
    if (content.length < places.length) this.#report(path, content.length === 0 ? 'file lost all content' : 'file lost content')
    else if (size !== (node.size ?? 0) || node.content === null) this.#report(path, 'size corrected')
    else return node
    return { ...node, content, size }
  }

  async #repairFolder(node: TreeNode, path: ByteString): Promise<TreeNode> {
    const subtree = node.subtree === undefined ? undefined : await this.#repairTree(node.subtree, path)
    if (subtree !== undefined) return subtree === node.subtree ? node : { ...node, subtree }
    this.#report(path, 'folder emptied')
    return { ...node, subtree: await this.#options.saveTree(encodeTree([])) }
  }

  /** The entries in their order, with names that are possible and differ. */
  #arranged(nodes: readonly TreeNode[], folder: ByteString): TreeNode[] {
    const taken = new Set(nodes.map(({ name }) => name))
    const seen = new Set<ByteString>()
    const named = nodes.map((node) => {
      const name = isSafeName(node.name) && !seen.has(node.name) ? node.name : freeName(node.name, taken)
      seen.add(name)
      taken.add(name)
      if (name === node.name) return node
      this.#report(joinBytes(folder, node.name), 'entry renamed')
      return { ...node, name }
    })
    return named.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #report(path: ByteString, change: TreeChange): void {
    this.#options.onChange?.(path, change)
  }
}

/** A name like the given one that a file can have and that is not taken. */
function freeName(name: ByteString, taken: ReadonlySet<ByteString>): ByteString {
  const base = name.replace(/[/\0]/g, '_').replace(/^\.{0,2}$/, 'unnamed')
  for (let number = 1; ; number++) {
    const candidate = `${base}-repaired-${number}` as ByteString
    if (!taken.has(candidate)) return candidate
  }
}
