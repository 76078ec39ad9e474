import type { PackId } from '../format/ids.ts'
import { encodeIndexFile, INDEX_BLOBS_MAX, type IndexedPack } from '../format/index-file.ts'
import type { PackBlob } from '../format/pack-header.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { OpenRepository } from './open-repository.ts'

/**
 * An index file is written after a while even if it is not full, so that little has to be repeated after a crash: the first after this
 * time, each next one after twice as long up to the limit. Short operations still write one file, long ones not many.
 */
const FIRST_SAVE_AFTER_MS = 15_000
const SAVE_AFTER_MS_MAX = 2 * 60_000

/** Collects what durable packs hold and writes it to index files. Packs must be durable before they are recorded. */
export class IndexRecorder {
  readonly #repository: OpenRepository
  readonly #options: CallOptions
  #packs: IndexedPack[] = []
  #blobCount = 0
  #oldestAtMs = 0
  #saveAfterMs = FIRST_SAVE_AFTER_MS
  /** Index files that are being written. */
  readonly #saves = new Set<Promise<void>>()

  constructor(repository: OpenRepository, options: CallOptions) {
    this.#repository = repository
    this.#options = options
  }

  /** Notes a new pack; writes an index file when enough has come together. */
  async record(id: PackId, blobs: readonly PackBlob[]): Promise<void> {
    await this.recordPlaced({ id, blobs: placed(blobs) })
  }

  /** As {@link record}, with the places of the blobs as another index file or the pack itself has them. */
  async recordPlaced(pack: IndexedPack): Promise<void> {
    if (this.#packs.length === 0) this.#oldestAtMs = this.#repository.clock.now()
    this.#packs.push(pack)
    this.#blobCount += pack.blobs.length
    const isOverdue = this.#repository.clock.now() - this.#oldestAtMs > this.#saveAfterMs
    if (isOverdue) this.#saveAfterMs = Math.min(this.#saveAfterMs * 2, SAVE_AFTER_MS_MAX)
    if (this.#blobCount >= INDEX_BLOBS_MAX || isOverdue) await this.save()
  }

  /**
   * Writes an index file for all packs noted so far, if there are any. When that fails they stay noted. Resolves when all packs that were
   * noted before are named, also by files that another call is writing.
   */
  async save(options: CallOptions = this.#options): Promise<void> {
    const others = [...this.#saves]
    if (this.#packs.length > 0) {
      const saving = this.#write(options).finally(() => this.#saves.delete(saving))
      this.#saves.add(saving)
      await saving
    }
    await Promise.all(others)
  }

  async #write(options: CallOptions): Promise<void> {
    const [packs, blobCount] = [this.#packs, this.#blobCount]
    this.#packs = []
    this.#blobCount = 0
    try {
      await this.#repository.saveUnpacked('index', encodeIndexFile({ packs }), options)
    } catch (error) {
      this.#packs.unshift(...packs)
      this.#blobCount += blobCount
      throw error
    }
  }
}

/** Blobs of a pack with their offsets, which follow from their lengths. */
export function placed(blobs: readonly PackBlob[]): IndexedPack['blobs'] {
  let offset = 0
  return blobs.map(({ id, type, length, uncompressedLength }) => {
    const blob = { id, type, offset, length, ...(uncompressedLength > 0 ? { uncompressed_length: uncompressedLength } : {}) }
    offset += length
    return blob
  })
}
