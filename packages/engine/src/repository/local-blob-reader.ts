import { closeSync, openSync, readSync } from 'node:fs'
import type { Sealer } from '../crypto/sealer.ts'
import { EngineError } from '../errors.ts'
import type { BlobId, PackId } from '../format/ids.ts'
import { layoutPath } from '../storage/storage.ts'
import { openBlob } from './indexed-repository.ts'

/** Packs that stay open: neighbouring blobs are mostly in the same few packs. */
const OPEN_PACKS = 16

/** Reads blobs synchronously from the packs of a repository in a local folder. For worker threads. */
export class LocalBlobReader {
  readonly #folder: string
  readonly #sealer: Sealer
  /** Descriptors by pack, the one used last at the end. */
  readonly #descriptors = new Map<PackId, number>()

  constructor(options: { readonly folder: string; readonly sealer: Sealer }) {
    this.#folder = options.folder
    this.#sealer = options.sealer
  }

  /**
   * The plaintext of a blob, its hash checked.
   * @throws {EngineError} `data.damaged` when it is not what the index promises; Node's system error when the pack cannot be read.
   */
  read(blob: {
    readonly id: BlobId
    readonly pack: PackId
    readonly offset: number
    readonly length: number
    readonly uncompressedLength: number
  }): Buffer {
    const sealed = Buffer.allocUnsafe(blob.length)
    const read = readSync(this.#descriptorOf(blob.pack), sealed, 0, blob.length, blob.offset)
    if (read !== blob.length)
      throw new EngineError('data.damaged', `Cannot read pack ${blob.pack.slice(0, 10)}: it is shorter than the index says`)
    return openBlob(sealed, { id: blob.id, pack: blob.pack, place: blob, open: (bytes) => this.#sealer.open(bytes) })
  }

  #descriptorOf(pack: PackId): number {
    const known = this.#descriptors.get(pack)
    this.#descriptors.delete(pack)
    const descriptor = known ?? openSync(`${this.#folder}/${layoutPath({ kind: 'data', name: pack })}`, 'r')
    this.#descriptors.set(pack, descriptor)
    const [oldest] = this.#descriptors
    if (this.#descriptors.size > OPEN_PACKS && oldest !== undefined) {
      this.#descriptors.delete(oldest[0])
      closeSync(oldest[1])
    }
    return descriptor
  }
}
