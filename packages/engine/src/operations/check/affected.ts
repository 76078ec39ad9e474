import { type ByteString, byteStringOf, joinBytes } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { Tree } from '../../format/node.ts'
import type { BlobType } from '../../format/pack-header.ts'
import type { StoredSnapshot } from '../../format/snapshot.ts'
import { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { TreePackReader } from '../../repository/tree-pack-reader.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** A snapshot that cannot be restored whole. */
export interface AffectedSnapshot {
  readonly snapshot: StoredSnapshot
  /** Files without their whole content, and folders that cannot be read; at most 1000 in all snapshots together. */
  readonly paths: readonly ByteString[]
  /** More paths are affected than are listed. */
  readonly isCut: boolean
}

/** Paths that are reported at most, so that a repository of which little is left gives an answer of bounded size. */
const PATHS_MAX = 1000

/**
 * Which snapshots, and which paths in them, need a blob that is lost. Each tree is judged once; then only folders with damage below are
 * entered, until enough paths are found.
 */
export async function findAffected(
  indexed: IndexedRepository,
  snapshots: readonly StoredSnapshot[],
  options: CallOptions & { readonly isLost: (type: BlobType, id: BlobId) => boolean },
): Promise<AffectedSnapshot[]> {
  const search = new DamageSearch(indexed, options)
  const affected: AffectedSnapshot[] = []
  for (const snapshot of snapshots) {
    if (!(await search.hasDamage(snapshot.tree))) continue
    affected.push({ snapshot, ...(await search.damagedPaths(snapshot.tree)) })
  }
  return affected
}

class DamageSearch {
  readonly #reader: TreePackReader
  readonly #options: CallOptions & { readonly isLost: (type: BlobType, id: BlobId) => boolean }
  readonly #sound: BlobSet
  readonly #damaged: BlobSet
  #pathsLeft = PATHS_MAX

  constructor(indexed: IndexedRepository, options: CallOptions & { readonly isLost: (type: BlobType, id: BlobId) => boolean }) {
    this.#reader = new TreePackReader(indexed)
    this.#options = options
    this.#sound = new BlobSet(indexed.index)
    this.#damaged = new BlobSet(indexed.index)
  }

  /** Whether anything at or below a tree is lost. */
  async hasDamage(root: BlobId): Promise<boolean> {
    if (this.#sound.has('tree', root)) return false
    if (this.#damaged.has('tree', root)) return true
    const tree = await this.#read(root)
    let damaged = tree === undefined
    for (const node of tree?.nodes ?? []) {
      if (node.type === 'dir') damaged = node.subtree === undefined || (await this.hasDamage(node.subtree)) || damaged
      else damaged ||= this.#isFileDamaged(node.content)
    }
    const verdict = damaged ? this.#damaged : this.#sound
    verdict.add('tree', root)
    return damaged
  }

  async damagedPaths(root: BlobId): Promise<Omit<AffectedSnapshot, 'snapshot'>> {
    const paths: ByteString[] = []
    const isCut = !(await this.#collect(byteStringOf('/'), root, paths))
    return { paths, isCut }
  }

  /** Adds what is damaged below a folder; false when there were too many. */
  async #collect(folder: ByteString, id: BlobId, paths: ByteString[]): Promise<boolean> {
    const tree = await this.#read(id)
    if (tree === undefined) return this.#push(folder, paths)
    for (const node of tree.nodes) {
      const path = joinBytes(folder, node.name)
      if (node.type === 'dir') {
        if (node.subtree === undefined && !this.#push(path, paths)) return false
        if (node.subtree !== undefined && (await this.hasDamage(node.subtree)) && !(await this.#collect(path, node.subtree, paths)))
          return false
      } else if (this.#isFileDamaged(node.content) && !this.#push(path, paths)) return false
    }
    return true
  }

  #push(path: ByteString, paths: ByteString[]): boolean {
    if (this.#pathsLeft === 0) return false
    this.#pathsLeft--
    paths.push(path)
    return true
  }

  #isFileDamaged(content: readonly BlobId[] | null): boolean {
    return content?.some((id) => this.#options.isLost('data', id)) === true
  }

  /** The tree, or undefined where it is lost. */
  async #read(id: BlobId): Promise<Tree | undefined> {
    if (this.#options.isLost('tree', id)) return undefined
    try {
      return await this.#reader.readTree(id, { signal: this.#options.signal })
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }
}
