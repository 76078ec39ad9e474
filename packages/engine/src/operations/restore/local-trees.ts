import { hash } from 'node:crypto'
import { decompressToLookAt } from '../../compression/zstd.ts'
import { isEngineError } from '../../errors.ts'
import type { BlobId } from '../../format/ids.ts'
import type { Tree } from '../../format/node.ts'
import { decodeTree } from '../../format/tree.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { TreeReader } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { PackSource } from './pack-source.ts'

/**
 * Reads trees of a repository in a local folder with plain synchronous calls, which takes a tenth of the time that a small read through the
 * thread pool takes. What cannot be read that way is left to the repository, which looks for other copies.
 */
export class LocalTrees implements TreeReader {
  readonly #indexed: IndexedRepository
  readonly #source: PackSource

  private constructor(indexed: IndexedRepository, folder: string) {
    this.#indexed = indexed
    this.#source = new PackSource(folder)
  }

  /** The quickest way to read the trees of a repository. Use with `using`. */
  static over(indexed: IndexedRepository): TreeReader & Disposable {
    const folder = indexed.repository.storage.localFolder
    if (folder !== undefined) return new LocalTrees(indexed, folder)
    return { readTree: (id, options) => indexed.readTree(id, options), [Symbol.dispose]: () => undefined }
  }

  async readTree(id: BlobId, options: CallOptions = {}): Promise<Tree> {
    options.signal?.throwIfAborted()
    const plaintext = this.#tryToRead(id)
    return plaintext === undefined ? this.#indexed.readTree(id, options) : decodeTree(plaintext)
  }

  [Symbol.dispose](): void {
    this.#source.close()
  }

  #tryToRead(id: BlobId): Uint8Array | undefined {
    const { index, packs, repository } = this.#indexed
    const place = index.find('tree', id)
    if (place === undefined) return undefined
    try {
      const { pack, offset, length, uncompressedLength } = place
      const stored = repository.sealer.openInPlace(this.#source.read({ pack: packs.idOf(pack), offset, length }))
      const plaintext = uncompressedLength === 0 ? stored : decompressToLookAt(stored, { maxBytes: uncompressedLength })
      return hash('sha256', plaintext, 'hex') === id ? plaintext : undefined
    } catch (error) {
      if (isEngineError(error)) return undefined
      throw error
    }
  }
}
