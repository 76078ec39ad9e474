import { hash } from 'node:crypto'
import { SEAL_OVERHEAD_BYTES } from '../crypto/sealer.ts'
import { EngineError } from '../errors.ts'
import type { ByteString } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { TreeNode } from '../format/node.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import { BlobSet, plaintextLength } from '../repository/blob-set.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { streamTrees } from '../snapshots/tree-stream.ts'
import { walkTree } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'

/**
 * What is counted, by restic's names:
 * - `restore-size`: every node of every snapshot, with the bytes that restoring it takes (hard links once a snapshot);
 * - `files-by-contents`: files of the same content once;
 * - `blobs-per-file`: blobs of files, once for each path that has them;
 * - `raw-data`: every blob that is referred to, once, as it is stored.
 */
export type StatisticsMode = 'restore-size' | 'files-by-contents' | 'blobs-per-file' | 'raw-data'

export const STATISTICS_MODES: readonly StatisticsMode[] = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data']

/** Counts that a mode does not have are 0. Sizes in bytes. */
export interface RepositoryStatistics {
  readonly snapshots: number
  readonly totalSize: number
  readonly totalFileCount: number
  readonly totalBlobCount: number
  /** `raw-data` of a repository of version 2 only, as are the next ones. */
  readonly totalUncompressedSize: number
  /** Plaintext to stored bytes of the blobs that are compressed. */
  readonly compressionRatio: number
  /** Percent of all plaintext bytes that are in compressed blobs. */
  readonly compressionProgress: number
  /** Percent of all plaintext bytes that compression saves. */
  readonly compressionSpaceSaving: number
}

export interface StatisticsOptions extends CallOptions {
  readonly mode: StatisticsMode
  /** Called before each snapshot with its number, from 1. */
  readonly onSnapshot?: (snapshot: StoredSnapshot, number: number) => void
}

/**
 * Counts what snapshots refer to, as restic's `stats` does. Memory is a bit for each blob of the index, in `blobs-per-file` also some
 * hundred bytes for each distinct path.
 *
 * @throws EngineError `data.*` for a tree that cannot be read or a blob that the index does not have, `storage.*`
 */
export async function computeStatistics(
  indexed: IndexedRepository,
  snapshots: readonly StoredSnapshot[],
  options: StatisticsOptions,
): Promise<RepositoryStatistics> {
  const { signal, mode } = options
  const counter = new Counter(indexed, mode)
  for (const [position, snapshot] of snapshots.entries()) {
    options.onSnapshot?.(snapshot, position + 1)
    if (mode === 'raw-data') await counter.countReferences(snapshot, { signal })
    else await counter.countNodes(snapshot, { signal })
  }
  return { ...counter.result(), snapshots: snapshots.length }
}

class Counter {
  readonly #indexed: IndexedRepository
  readonly #mode: StatisticsMode
  readonly #blobs: BlobSet
  readonly #distinct: DistinctContents
  readonly #blobsByPath = new Map<ByteString, Set<BlobId>>()
  #totalSize = 0
  #fileCount = 0
  #blobCount = 0

  constructor(indexed: IndexedRepository, mode: StatisticsMode) {
    this.#indexed = indexed
    this.#mode = mode
    this.#blobs = new BlobSet(indexed.index)
    this.#distinct = new DistinctContents(indexed)
  }

  result(): Omit<RepositoryStatistics, 'snapshots'> {
    if (this.#mode === 'raw-data') return rawData(this.#indexed, this.#blobs)
    return { ...NOTHING, totalSize: this.#totalSize, totalFileCount: this.#fileCount, totalBlobCount: this.#blobCount }
  }

  async countReferences(snapshot: StoredSnapshot, options: CallOptions): Promise<void> {
    const wants = (id: BlobId): boolean => this.#blobs.add('tree', id)
    for await (const { tree } of streamTrees(this.#indexed, [snapshot.tree], { ...options, wants })) {
      for (const node of tree.nodes) if (node.type === 'file') for (const id of node.content ?? []) this.#blobs.add('data', id)
    }
  }

  async countNodes(snapshot: StoredSnapshot, options: CallOptions): Promise<void> {
    const seenLinks = new Set<string>()
    for await (const { path, node } of walkTree(this.#indexed, snapshot.tree, options)) {
      if (this.#mode === 'restore-size') this.#countRestored(node, seenLinks)
      else if (this.#distinct.add(node.content ?? [])) this.#countDistinct(path, node)
    }
  }

  #countRestored(node: TreeNode, seenLinks: Set<string>): void {
    this.#fileCount++
    if (node.links !== 1 && node.type !== 'dir' && node.inode) {
      const inode = `${node.device_id ?? 0}:${node.inode}`
      if (seenLinks.size === seenLinks.add(inode).size) return
    }
    this.#totalSize += node.size ?? 0
  }

  #countDistinct(path: ByteString, node: TreeNode): void {
    if (this.#mode === 'files-by-contents') {
      this.#totalSize += node.size ?? 0
      this.#fileCount++
      return
    }
    for (const id of node.content ?? []) this.#countBlobOf(path, id)
  }

  #countBlobOf(path: ByteString, id: BlobId): void {
    const known = this.#blobsByPath.get(path) ?? new Set()
    if (known.size === 0) {
      this.#blobsByPath.set(path, known)
      this.#fileCount++
    }
    if (known.size === known.add(id).size) return
    const place = this.#indexed.index.find('data', id)
    if (place === undefined) throw missing('data', id)
    this.#totalSize += plaintextLength(place)
    this.#blobCount++
  }
}

/** Tells lists of blobs that were met before. A list of one blob, which most files are, costs a bit. */
class DistinctContents {
  readonly #single: BlobSet
  readonly #others = new Set<string>()

  constructor(indexed: IndexedRepository) {
    this.#single = new BlobSet(indexed.index)
  }

  /** False when the list was added before. All that has no content, folders too, counts as one, as in restic. */
  add(content: readonly BlobId[]): boolean {
    const [first] = content
    if (first !== undefined && content.length === 1) return this.#single.add('data', first)
    return this.#others.size < this.#others.add(hash('sha256', content.join(''), 'base64')).size
  }
}

const NOTHING = {
  totalSize: 0,
  totalFileCount: 0,
  totalBlobCount: 0,
  totalUncompressedSize: 0,
  compressionRatio: 0,
  compressionProgress: 0,
  compressionSpaceSaving: 0,
}

function rawData(indexed: IndexedRepository, blobs: BlobSet): Omit<RepositoryStatistics, 'snapshots'> {
  for (const type of ['tree', 'data'] as const) for (const id of blobs.unknown[type]) throw missing(type, id)
  let [stored, plain, compressedStored, compressedPlain] = [0, 0, 0, 0]
  for (const blob of blobs) {
    const sealedPlain = plaintextLength(blob) + SEAL_OVERHEAD_BYTES
    stored += blob.length
    plain += sealedPlain
    if (blob.uncompressedLength === 0) continue
    compressedStored += blob.length
    compressedPlain += sealedPlain
  }
  const sums = { ...NOTHING, totalSize: stored, totalBlobCount: blobs.size }
  if (indexed.repository.config.version === 1) return sums
  return {
    ...sums,
    totalUncompressedSize: plain,
    compressionRatio: compressedStored === 0 ? 0 : compressedPlain / compressedStored,
    compressionProgress: plain === 0 ? 0 : (compressedPlain / plain) * 100,
    compressionSpaceSaving: plain === 0 ? 0 : (1 - stored / plain) * 100,
  }
}

function missing(type: 'tree' | 'data', id: BlobId): EngineError {
  return new EngineError('data.missing', `Cannot count ${type} blob ${id.slice(0, 10)}: the index does not have it`, {
    context: { blob: id },
  })
}
