import type { BlobId, ByteString, IndexedRepository } from '@holdfast/engine'
import { notFound } from '../../errors.ts'
import { FolderListing, type ListedEntry } from './folder-listing.ts'
import { readableName } from './snapshot-path.ts'

/** Where folders are read from. */
export type TreeSource = Pick<IndexedRepository, 'readBlob'> & { readonly index: Pick<IndexedRepository['index'], 'find'> }

const CACHE_BYTES_MAX = 96 * 1024 * 1024
/** Trees above this size are read one after the other: each takes its size in memory meanwhile. */
const LARGE_TREE_BYTES = 8 * 1024 * 1024

/** Folders of snapshots, ready to be listed. Those used last stay in memory, up to a bound. */
export class FolderCache {
  readonly #maxBytes: number
  readonly #listings = new Map<BlobId, FolderListing>()
  readonly #loading = new Map<BlobId, Promise<FolderListing>>()
  #sizeBytes = 0
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

  async #load(source: TreeSource, tree: BlobId): Promise<FolderListing> {
    const place = source.index.find('tree', tree)
    const bytes = Math.max(place?.length ?? 0, place?.uncompressedLength ?? 0)
    const read = async (): Promise<FolderListing> => FolderListing.read(await source.readBlob('tree', tree))
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
