import type { PackId } from '../format/ids.ts'
import { encodeIndexFile, INDEX_BLOBS_MAX, type IndexedPack } from '../format/index-file.ts'
import type { PackBlob } from '../format/pack-header.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { OpenRepository } from './open-repository.ts'

/** An index file is written after this time even if it is not full, so that little of a long backup has to be repeated after a crash. */
const SAVE_AFTER_MS = 2 * 60_000

/** Collects what durable packs hold and writes it to index files. Packs must be durable before they are recorded. */
export class IndexRecorder {
  readonly #repository: OpenRepository
  readonly #options: CallOptions
  #packs: IndexedPack[] = []
  #blobCount = 0
  #oldestAtMs = 0

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
    const overdue = this.#repository.clock.now() - this.#oldestAtMs > SAVE_AFTER_MS
    if (this.#blobCount >= INDEX_BLOBS_MAX || overdue) await this.save()
  }

  /** Writes an index file for all packs noted so far, if there are any. */
  async save(options: CallOptions = this.#options): Promise<void> {
    if (this.#packs.length === 0) return
    const packs = this.#packs
    this.#packs = []
    this.#blobCount = 0
    await this.#repository.saveUnpacked('index', encodeIndexFile({ packs }), options)
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
