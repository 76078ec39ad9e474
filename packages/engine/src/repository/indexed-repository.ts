import assert from 'node:assert'
import { hash } from 'node:crypto'
import { compressAlways, decompress } from '../compression/zstd.ts'
import { EngineError, isEngineError } from '../errors.ts'
import type { BlobId, IndexId, PackId } from '../format/ids.ts'
import type { Tree } from '../format/node.ts'
import type { BlobType } from '../format/pack-header.ts'
import { decodeTree } from '../format/tree.ts'
import type { CallOptions } from '../storage/storage.ts'
import { treeFrame } from './blob-frames.ts'
import type { BlobIndex, BlobLocation } from './blob-index.ts'
import type { OpenRepository } from './open-repository.ts'
import type { PackTable } from './pack-table.ts'
import { RepositoryWriter, type WriteOptions } from './repository-writer.ts'

/** A repository whose blobs are known: they can be read, looked up and added. */
export class IndexedRepository {
  readonly repository: OpenRepository
  readonly index: BlobIndex
  readonly packs: PackTable
  /** The index files that the index was read from. */
  readonly indexIds: readonly IndexId[]
  #hasFailed = false

  constructor(repository: OpenRepository, parts: Pick<IndexedRepository, 'index' | 'packs' | 'indexIds'>) {
    this.repository = repository
    this.index = parts.index
    this.packs = parts.packs
    this.indexIds = parts.indexIds
  }

  /**
   * The plaintext of a blob, its hash checked. If it is stored several times, a damaged copy is passed over.
   * @throws {EngineError} `data.missing` when the index does not have it, `data.damaged` when no copy is sound, `storage.*`.
   */
  async readBlob(type: BlobType, id: BlobId, options: CallOptions = {}): Promise<Buffer> {
    const places = this.index.findAll(type, id)
    if (places.length === 0) {
      throw new EngineError('data.missing', `Cannot read ${type} blob ${id.slice(0, 10)}: the index does not have it`, {
        context: { blob: id },
      })
    }
    let failure: unknown
    for (const place of places) {
      try {
        return await this.#readAt(type, id, { ...options, place })
      } catch (error) {
        if (!isEngineError(error, 'data.damaged', 'data.malformed', 'storage.not-found', 'storage.range')) throw error
        failure = error
      }
    }
    throw failure
  }

  /**
   * A tree as a frame for a client of this process, compressed as it is stored. Its hash is not checked: that is for who opens the frame.
   * @throws {EngineError} `data.missing`, `data.damaged` for what is not authentic, `storage.*`.
   */
  async readTreeFrame(id: BlobId, options: CallOptions = {}): Promise<Uint8Array> {
    const place = this.index.find('tree', id)
    // Only programs without compression have stored trees as they are.
    if (place === undefined || place.uncompressedLength === 0) {
      const json = await this.readBlob('tree', id, options)
      return treeFrame(id, { content: compressAlways(json), plaintextLength: json.length })
    }
    const sealed = await this.repository.storage.read({ kind: 'data', name: this.packOf(place) }, place, { ...options, keep: true })
    return treeFrame(id, { content: this.repository.sealer.open(sealed), plaintextLength: place.uncompressedLength })
  }

  /** The tree with that id. */
  async readTree(id: BlobId, options: CallOptions = {}): Promise<Tree> {
    return decodeTree(await this.readBlob('tree', id, options))
  }

  /** The pack that holds a blob, as an id. */
  packOf(location: BlobLocation): PackId {
    return this.packs.idOf(location.pack)
  }

  /**
   * Runs `action` with a writer. When it returns, all that was written is stored and named by the index. When it fails, what was stored
   * so far is named by the index as well (best effort), so that it need not be stored again. The index in memory then claims blobs that
   * nobody will store: for another write it has to be loaded anew.
   */
  async write<T>(action: (writer: RepositoryWriter) => Promise<T>, options: WriteOptions = {}): Promise<T> {
    assert(!this.#hasFailed, 'after a write that failed the index must be loaded anew')
    const writer = new RepositoryWriter(this, options)
    try {
      const result = await action(writer)
      await writer.finish()
      return result
    } catch (error) {
      this.#hasFailed = true
      await writer.abandon()
      throw error
    }
  }

  async #readAt(type: BlobType, id: BlobId, options: CallOptions & { readonly place: BlobLocation }): Promise<Buffer> {
    const { place, ...callOptions } = options
    const pack = this.packOf(place)
    const sealed = await this.repository.storage.read(
      { kind: 'data', name: pack },
      place,
      type === 'tree' ? { ...callOptions, keep: true } : callOptions,
    )
    return openBlob(sealed, { id, pack, place, open: (bytes) => this.repository.sealer.open(bytes) })
  }
}

/**
 * Decrypts, decompresses and checks a blob as it is in a pack.
 * @throws {EngineError} `data.damaged` when it is not the blob that the index promises.
 */
export function openBlob(
  sealed: Uint8Array,
  expected: {
    readonly id: BlobId
    readonly pack: PackId
    readonly place: Pick<BlobLocation, 'uncompressedLength'>
    readonly open: (sealed: Uint8Array) => Buffer
  },
): Buffer {
  const { id, pack, place } = expected
  try {
    const stored = expected.open(sealed)
    const plaintext = place.uncompressedLength === 0 ? stored : decompress(stored, { maxBytes: place.uncompressedLength })
    if (hash('sha256', plaintext, 'hex') === id) return plaintext
  } catch (error) {
    if (!isEngineError(error, 'data.damaged', 'data.malformed')) throw error
    throw damagedBlob(id, { pack, state: error.message, cause: error })
  }
  throw damagedBlob(id, { pack, state: 'its content does not hash to its id' })
}

function damagedBlob(id: BlobId, details: { readonly pack: PackId; readonly state: string; readonly cause?: unknown }): EngineError {
  return new EngineError('data.damaged', `Cannot read blob ${id.slice(0, 10)} from pack ${details.pack.slice(0, 10)}: ${details.state}`, {
    cause: details.cause,
    context: { blob: id, pack: details.pack },
  })
}
