import { EngineError } from '../errors.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree } from '../format/node.ts'
import { decodeTree } from '../format/tree.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { BlobLocation } from './blob-index.ts'
import { type IndexedRepository, openBlob } from './indexed-repository.ts'

/** A pack is fetched whole when so many of its trees were: more will follow, and calls cost more than bytes. */
const TREES_BEFORE_WHOLE = 8
/** Packs that are held in memory have at most so many bytes together. */
const HELD_BYTES_MAX = 64 * 1024 * 1024

/**
 * Reads trees for who wants many of them in a short time, such as all of a snapshot: neighbours lie in the same packs, which are fetched
 * whole and held for a while. Safe to use by several readers at once.
 */
export class TreePackReader {
  readonly #indexed: IndexedRepository
  /** Trees that were fetched one by one, by pack. */
  readonly #fetched = new Map<number, number>()
  /** Whole packs by number, the one used last at the end. */
  readonly #held = new Map<number, Promise<Uint8Array>>()
  readonly #heldSizes = new Map<number, number>()

  constructor(indexed: IndexedRepository) {
    this.#indexed = indexed
  }

  /** As `readTree` of the repository. */
  async readTree(id: BlobId, options: CallOptions = {}): Promise<Tree> {
    return decodeTree(await this.readTreeBlob(id, options))
  }

  /** The plaintext of a tree; see `readBlob` of the repository for errors. */
  async readTreeBlob(id: BlobId, options: CallOptions = {}): Promise<Buffer> {
    const place = this.#indexed.index.find('tree', id)
    const whole = place === undefined ? undefined : this.#wholePack(place.pack, options)
    const found = place === undefined || whole === undefined ? undefined : await this.#openFrom(whole, id, place)
    // Damage, and whatever else is out of the ordinary, is for the reader that looks at all copies.
    return found ?? this.#indexed.readBlob('tree', id, options)
  }

  async #openFrom(whole: Promise<Uint8Array>, id: BlobId, place: BlobLocation): Promise<Buffer | undefined> {
    const { repository } = this.#indexed
    try {
      const sealed = (await whole).subarray(place.offset, place.offset + place.length)
      return openBlob(sealed, { id, pack: this.#indexed.packOf(place), place, open: (bytes) => repository.sealer.open(bytes) })
    } catch (error) {
      if (error instanceof EngineError) return undefined
      throw error
    }
  }

  /** The whole pack, if it is held or is worth to be. */
  #wholePack(pack: number, options: CallOptions): Promise<Uint8Array> | undefined {
    const held = this.#held.get(pack)
    if (held !== undefined) {
      this.#held.delete(pack)
      this.#held.set(pack, held)
      return held
    }
    const fetched = (this.#fetched.get(pack) ?? 0) + 1
    this.#fetched.set(pack, fetched)
    return fetched < TREES_BEFORE_WHOLE ? undefined : this.#fetchWhole(pack, options)
  }

  #fetchWhole(pack: number, options: CallOptions): Promise<Uint8Array> {
    const name = this.#indexed.packs.idOf(pack)
    const fetching = this.#indexed.repository.storage.read({ kind: 'data', name }, 'all', { ...options, keep: true })
    this.#held.set(pack, fetching)
    fetching.then(
      (content) => this.#held.get(pack) === fetching && this.#makeRoomFor(pack, content.length),
      () => this.#held.get(pack) === fetching && this.#drop(pack),
    )
    return fetching
  }

  #makeRoomFor(pack: number, sizeBytes: number): void {
    this.#heldSizes.set(pack, sizeBytes)
    let total = this.#heldSizes.values().reduce((sum, size) => sum + size, 0)
    for (const oldest of this.#held.keys()) {
      if (total <= HELD_BYTES_MAX) return
      total -= this.#heldSizes.get(oldest) ?? 0
      this.#drop(oldest)
    }
  }

  #drop(pack: number): void {
    this.#held.delete(pack)
    this.#heldSizes.delete(pack)
    this.#fetched.delete(pack)
  }
}
