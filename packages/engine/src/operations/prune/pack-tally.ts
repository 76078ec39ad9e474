import { EngineError } from '../../errors.ts'
import { HEADER_OVERHEAD, headerEntrySize } from '../../format/pack-header.ts'
import type { BlobLocation } from '../../repository/blob-index.ts'
import type { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { PruneStatistics } from './statistics.ts'
import { refusal } from './used-blobs.ts'

/** What a pack holds. */
export type PackKind = 'empty' | 'data' | 'tree' | 'mixed'

export interface PackTallyOptions {
  readonly used: BlobSet
  /** Whether the storage has a pack; one that it has not offers no copies. */
  readonly exists: (pack: number) => boolean
  /** Gets what is counted of blobs. */
  readonly statistics: PruneStatistics
}

const KINDS = ['empty', 'data', 'tree', 'mixed'] as const satisfies readonly PackKind[]
const MIXED = 3

/** More copies of a blob than this count as this many; restic's limit too. */
const COPIES_MAX = 255
/** Of a blob with several copies all but one were passed over: the last one has to be kept. */
const LAST_COPY = 0

/**
 * What each pack holds that is used and unused: 46 bytes a pack and 5 a blob. Of a blob that several packs hold one copy counts as used,
 * chosen as restic does: preferably one in a pack that holds other used blobs, or in a pack of copies alone, which an interrupted prune
 * leaves.
 */
export class PackTally {
  readonly usedBlobs: Uint32Array
  readonly unusedBlobs: Uint32Array
  /** Those of the unused blobs that had several copies, before one was chosen. */
  readonly duplicateBlobs: Uint32Array
  /** With the header, so that both sizes of a pack together are that of the file. */
  readonly usedBytes: Float64Array
  readonly unusedBytes: Float64Array
  readonly #uncompressed: Uint8Array
  readonly #kinds: Uint8Array
  readonly #indexed: IndexedRepository
  readonly #options: PackTallyOptions
  readonly #firstEntries: Uint32Array
  /** For each blob, at its first entry, the copies that there are; while one is chosen, those that are left to choose from. */
  readonly #copies: Uint8Array

  /** @throws EngineError `data.missing` where a used blob is only in packs that do not exist */
  constructor(indexed: IndexedRepository, options: PackTallyOptions) {
    const { index, packs } = indexed
    this.usedBlobs = new Uint32Array(packs.size)
    this.unusedBlobs = new Uint32Array(packs.size)
    this.duplicateBlobs = new Uint32Array(packs.size)
    this.usedBytes = new Float64Array(packs.size).fill(HEADER_OVERHEAD)
    this.unusedBytes = new Float64Array(packs.size)
    this.#uncompressed = new Uint8Array(packs.size)
    this.#kinds = new Uint8Array(packs.size)
    this.#indexed = indexed
    this.#options = options
    this.#firstEntries = new Uint32Array(index.size)
    for (let entry = 0; entry < index.size; entry++) this.#firstEntries[entry] = index.firstEntryOf(entry)
    this.#copies = new Uint8Array(index.size)
    this.#countCopies()
    this.#demandCopies()
    this.#countBlobs()
    this.#chooseCopies()
  }

  kindOf(pack: number): PackKind {
    return KINDS[this.#kinds[pack] ?? 0] ?? 'mixed'
  }

  /** Whether a pack holds a blob that is not compressed. */
  hasUncompressed(pack: number): boolean {
    return this.#uncompressed[pack] === 1
  }

  /** The size of a pack as the index has it. */
  sizeOf(pack: number): number {
    return (this.usedBytes[pack] ?? 0) + (this.unusedBytes[pack] ?? 0)
  }

  /** Position of the first entry of the blob whose entry is at a position of the index. */
  firstEntryOf(entry: number): number {
    return this.#firstEntries[entry] ?? entry
  }

  #countCopies(): void {
    for (const { first, location } of this.#usedCopies()) {
      if (this.#options.exists(location.pack)) this.#copies[first] = Math.min(COPIES_MAX, (this.#copies[first] ?? 0) + 1)
    }
  }

  #demandCopies(): void {
    for (const { first, location } of this.#usedCopies()) {
      if (this.#copies[first] !== 0) continue
      const { id } = this.#indexed.index.entryAt(first)
      const pack = this.#indexed.packs.idOf(location.pack)
      const state = `snapshots need blob ${id.slice(0, 10)} in pack ${pack.slice(0, 10)}, which does not exist; repair the index first`
      throw new EngineError('data.missing', `${refusal(this.#indexed)}: ${state}`, { context: { blob: id, pack } })
    }
  }

  #countBlobs(): void {
    const { index } = this.#indexed
    for (let entry = 0; entry < this.#firstEntries.length; entry++) {
      const location = index.locationAt(entry)
      const { pack } = location
      add(this.usedBytes, pack, headerEntrySize(location))
      const kind = index.typeAt(entry) === 'data' ? 1 : 2
      const known = this.#kinds[pack]
      this.#kinds[pack] = known === 0 || known === kind ? kind : MIXED
      if (location.uncompressedLength === 0) this.#uncompressed[pack] = 1
      this.#countBlob(location, this.#options.exists(pack) ? this.#copiesOf(entry) : 0)
    }
  }

  #countBlob({ pack, length }: BlobLocation, copies: number): void {
    const { blobs, bytes } = this.#options.statistics
    const state = copies === 0 ? 'unused' : copies === 1 ? 'used' : 'duplicate'
    blobs[state]++
    bytes[state] += length
    // For now all copies are unused; one will be chosen.
    add(state === 'used' ? this.usedBlobs : this.unusedBlobs, pack, 1)
    add(state === 'used' ? this.usedBytes : this.unusedBytes, pack, length)
    if (state === 'duplicate') add(this.duplicateBlobs, pack, 1)
  }

  #chooseCopies(): void {
    for (const { first, location } of this.#usedCopies()) {
      const { pack } = location
      const copies = this.#copies[first] ?? 0
      // One copy: there were no others, or another one was chosen.
      if (copies === 1 || !this.#options.exists(pack)) continue
      const isWelcome = (this.usedBlobs[pack] ?? 0) > 0 || this.duplicateBlobs[pack] === this.unusedBlobs[pack]
      if (isWelcome || copies === LAST_COPY) {
        this.#choose(location)
        this.#copies[first] = 1
      } else this.#copies[first] = copies === 2 ? LAST_COPY : copies - 1
    }
  }

  #choose({ pack, length }: BlobLocation): void {
    const { blobs, bytes } = this.#options.statistics
    add(this.usedBlobs, pack, 1)
    add(this.unusedBlobs, pack, -1)
    add(this.usedBytes, pack, length)
    add(this.unusedBytes, pack, -length)
    blobs.used++
    blobs.duplicate--
    bytes.used += length
    bytes.duplicate -= length
  }

  /** The copies that exist of the blob at an entry; 0 when it is not used. */
  #copiesOf(entry: number): number {
    const first = this.firstEntryOf(entry)
    return this.#options.used.hasEntry(first) ? (this.#copies[first] ?? 0) : 0
  }

  *#usedCopies(): Generator<{ readonly first: number; readonly location: BlobLocation }> {
    for (let entry = 0; entry < this.#firstEntries.length; entry++) {
      const first = this.firstEntryOf(entry)
      if (this.#options.used.hasEntry(first)) yield { first, location: this.#indexed.index.locationAt(entry) }
    }
  }
}

function add(counts: Uint32Array | Float64Array, at: number, amount: number): void {
  counts[at] = (counts[at] ?? 0) + amount
}
