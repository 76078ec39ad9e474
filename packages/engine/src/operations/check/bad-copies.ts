import type { BlobId } from '../../format/ids.ts'
import type { BlobType } from '../../format/pack-header.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'

/** The copies of blobs that are known to be bad, a bit for each entry of the index. A blob is lost when all its copies are. */
export class BadCopies {
  readonly #index: BlobIndex
  readonly #bits: Uint8Array
  #isEmpty = true

  constructor(index: BlobIndex) {
    this.#index = index
    this.#bits = new Uint8Array((index.size >>> 3) + 1)
  }

  get isEmpty(): boolean {
    return this.#isEmpty
  }

  /** Notes that the copy whose entry is at a position of the index is bad. */
  add(entry: number): void {
    this.#bits[entry >>> 3] = (this.#bits[entry >>> 3] ?? 0) | (1 << (entry & 7))
    this.#isEmpty = false
  }

  has(entry: number): boolean {
    return ((this.#bits[entry >>> 3] ?? 0) & (1 << (entry & 7))) !== 0
  }

  /** Whether a blob is in no pack, or in bad copies alone. */
  isLost(type: BlobType, id: BlobId): boolean {
    return this.#index.entriesOf(type, id).every((entry) => this.has(entry))
  }
}
