import type { BlobId } from '../format/ids.ts'
import type { BlobType } from '../format/pack-header.ts'
import type { BlobIndex, IndexedBlob } from './blob-index.ts'

/** A set of blobs of one index: a bit for each. Blobs that the index does not have are kept by name. */
export class BlobSet {
  readonly #index: BlobIndex
  #bits: Uint8Array
  #size = 0
  readonly #unknown: Readonly<Record<BlobType, Set<BlobId>>> = { data: new Set(), tree: new Set() }

  constructor(index: BlobIndex) {
    this.#index = index
    this.#bits = new Uint8Array((index.size >>> 3) + 1)
  }

  /** Blobs in the set that the index has. */
  get size(): number {
    return this.#size
  }

  /** Blobs in the set that the index does not have. */
  get unknown(): Readonly<Record<BlobType, ReadonlySet<BlobId>>> {
    return this.#unknown
  }

  /** Puts a blob in; false when it was there already. */
  add(type: BlobType, id: BlobId): boolean {
    const entry = this.#index.entryOf(type, id)
    if (entry >= 0) return this.addEntry(entry)
    const unknown = this.#unknown[type]
    return unknown.size < unknown.add(id).size
  }

  /** Puts in the blob at a position of the index, which must be the first of its entries. */
  addEntry(entry: number): boolean {
    const byte = entry >>> 3
    if (byte >= this.#bits.length) this.#grow(byte + 1)
    const before = this.#bits[byte] ?? 0
    const after = before | (1 << (entry & 7))
    if (before === after) return false
    this.#bits[byte] = after
    this.#size++
    return true
  }

  has(type: BlobType, id: BlobId): boolean {
    const entry = this.#index.entryOf(type, id)
    return entry >= 0 ? this.hasEntry(entry) : this.#unknown[type].has(id)
  }

  hasEntry(entry: number): boolean {
    return ((this.#bits[entry >>> 3] ?? 0) & (1 << (entry & 7))) !== 0
  }

  /** The blobs that the index has, in its order. */
  *[Symbol.iterator](): Generator<IndexedBlob> {
    for (const entry of this.entries()) yield this.#index.entryAt(entry)
  }

  /** Their positions in the index, ascending. */
  *entries(): Generator<number> {
    for (let byte = 0; byte < this.#bits.length; byte++) {
      const bits = this.#bits[byte] ?? 0
      for (let bit = 0; bits >>> bit !== 0; bit++) if ((bits & (1 << bit)) !== 0) yield byte * 8 + bit
    }
  }

  #grow(lengthBytes: number): void {
    const larger = new Uint8Array(Math.max(lengthBytes, this.#bits.length * 2))
    larger.set(this.#bits)
    this.#bits = larger
  }
}

/** Bytes of the plaintext of a blob. */
export function plaintextLength({ length, uncompressedLength }: Pick<IndexedBlob, 'length' | 'uncompressedLength'>): number {
  return uncompressedLength === 0 ? Math.max(0, length - 32) : uncompressedLength
}
