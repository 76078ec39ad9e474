import { type BlobId, type ByteString, type IndexedRepository, readTreeNode, scanTree, type TreeNode } from '@holdfast/engine'
import { notFound } from '../../errors.ts'
import { FolderListing, type ListedEntry } from './folder-listing.ts'
import { letOthersRun } from './let-others-run.ts'
import { readableName } from './snapshot-path.ts'

/** Where folders are read from. */
export type TreeSource = Pick<IndexedRepository, 'readBlob'> & { readonly index: Pick<IndexedRepository['index'], 'find'> }

const CACHE_BYTES_MAX = 96 * 1024 * 1024
/** Trees above this size are read one after the other: each takes its size in memory meanwhile. */
const LARGE_TREE_BYTES = 8 * 1024 * 1024
/** Trees of at least this size take so long to read that they are read ahead. */
const AHEAD_BYTES_MIN = 2 * 1024 * 1024
const AHEAD_COUNT_MAX = 2
/** Up to this size the tree that was read last is kept: who looks at one file of a large folder looks at more of them. */
const KEPT_TREE_BYTES = 64 * 1024 * 1024

/** Folders of snapshots, ready to be listed. Those used last stay in memory, up to a bound. */
export class FolderCache {
  readonly #maxBytes: number
  readonly #listings = new Map<BlobId, FolderListing>()
  readonly #loading = new Map<BlobId, Promise<FolderListing>>()
  #sizeBytes = 0
  #lastTree: { readonly id: BlobId; readonly bytes: Uint8Array } | undefined
  #largeTurn: Promise<unknown> = Promise.resolve()

  constructor(options: { readonly maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? CACHE_BYTES_MAX
  }

  /** The folder whose tree has that id, which is the hash of its content: the same in whatever repository. */
  async listing(source: TreeSource, tree: BlobId): Promise<FolderListing> {
    const known = this.#listings.get(tree)
    if (known !== undefined) {
      this.#listings.delete(tree)
      this.#listings.set(tree, known)
      return known
    }
    const loading = this.#loading.get(tree) ?? this.#load(source, tree)
    this.#loading.set(tree, loading)
    return loading.finally(() => this.#loading.delete(tree))
  }

  /** The entry at the end of `names` below `root`; undefined for the root itself. @throws {ServerError} `not-found` */
  async find(source: TreeSource, root: BlobId, names: readonly ByteString[]): Promise<ListedEntry | undefined> {
    let found: ListedEntry | undefined
    for (const name of names) {
      const tree = found === undefined ? root : found.subtree
      found = tree === undefined ? undefined : (await this.listing(source, tree)).find(name)
      if (found === undefined) throw notFound(`"${readableName(name)}" in the snapshot`)
    }
    return found
  }

  /** Has the largest of some folders read before anybody asks for them, if they are so large that one would wait. */
  readAhead(source: TreeSource, trees: readonly BlobId[]): void {
    if (this.#loading.size > 0) return
    const large = trees
      .map((tree) => ({ tree, bytes: this.#listings.has(tree) ? 0 : treeBytes(source, tree) }))
      .filter(({ bytes }) => bytes >= AHEAD_BYTES_MIN && bytes <= KEPT_TREE_BYTES)
      .sort((a, b) => b.bytes - a.bytes)
    for (const { tree } of large.slice(0, AHEAD_COUNT_MAX)) {
      // Whoever asks for it is told what is wrong with it.
      this.listing(source, tree).catch(() => undefined)
    }
  }

  /** Everything that a tree says of one of its entries; undefined where it has none of that name. @throws EngineError `data.malformed` */
  async node(source: TreeSource, tree: BlobId, name: ByteString): Promise<TreeNode | undefined> {
    const listing = await this.listing(source, tree)
    if (listing.find(name) === undefined) return undefined
    const bytes = await this.#read(source, tree)
    const offset = listing.offsetOf(name)
    if (offset !== undefined) return readTreeNode(bytes, offset)
    for (const nodes of scanTree(bytes)) {
      const node = nodes.find((candidate) => candidate.name === name)
      if (node !== undefined) return node
      await letOthersRun()
    }
    return undefined
  }

  async #read(source: TreeSource, id: BlobId): Promise<Uint8Array> {
    if (this.#lastTree?.id === id) return this.#lastTree.bytes
    const bytes = await source.readBlob('tree', id)
    if (bytes.length <= KEPT_TREE_BYTES) this.#lastTree = { id, bytes }
    return bytes
  }

  async #load(source: TreeSource, tree: BlobId): Promise<FolderListing> {
    const bytes = treeBytes(source, tree)
    const read = async (): Promise<FolderListing> => FolderListing.read(await this.#read(source, tree))
    const reading = bytes < LARGE_TREE_BYTES ? read() : this.#largeTurn.then(read)
    if (bytes >= LARGE_TREE_BYTES) this.#largeTurn = reading.catch(() => undefined)
    const listing = await reading
    this.#keep(tree, listing)
    return listing
  }

  #keep(tree: BlobId, listing: FolderListing): void {
    this.#listings.set(tree, listing)
    this.#sizeBytes += listing.sizeBytes
    for (const [oldest, { sizeBytes }] of this.#listings) {
      if (this.#sizeBytes <= this.#maxBytes || oldest === tree) return
      this.#listings.delete(oldest)
      this.#sizeBytes -= sizeBytes
    }
  }
}

function treeBytes(source: TreeSource, tree: BlobId): number {
  const place = source.index.find('tree', tree)
  return Math.max(place?.length ?? 0, place?.uncompressedLength ?? 0)
}
