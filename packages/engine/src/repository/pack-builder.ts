import { hash } from 'node:crypto'
import { SEAL_OVERHEAD_BYTES, type Sealer } from '../crypto/sealer.ts'
import type { PackId } from '../format/ids.ts'
import { encodePackHeader, type PackBlob } from '../format/pack-header.ts'

/** A pack is closed as soon as it is at least this large, unless the user says otherwise; restic's default. */
export const DEFAULT_PACK_SIZE_BYTES = 16 * 1024 * 1024

/** A pack is closed before its header would be longer than restic reads at most (16 MiB), whatever its blobs' size. */
const MAX_BLOBS = 300_000

/** The largest sealed blob that the cutter can produce, 8 MiB, with its overhead. */
const LARGEST_CUT_BLOB_BYTES = 8 * 1024 * 1024 + SEAL_OVERHEAD_BYTES

/** Length of an entry of a compressed blob in the header. */
const HEADER_ENTRY_BYTES = 41

/** A finished pack: its bytes, its name, and what it holds. */
export interface FinishedPack {
  readonly id: PackId
  readonly content: Uint8Array
  readonly blobs: readonly PackBlob[]
  /** The plaintext of the header: the same as `blobs`, in a form that is quickly posted between threads. */
  readonly header: Uint8Array
}

/** What a blob becomes in a pack. */
export interface PackEntry {
  readonly type: PackBlob['type']
  readonly id: PackBlob['id']
  readonly uncompressedLength: number
}

/** Bytes that a buffer for packs of the given size needs so that every pack of cut blobs fits. */
export function packBufferBytes(packSizeBytes: number): number {
  return packSizeBytes + LARGEST_CUT_BLOB_BYTES + MAX_BLOBS * HEADER_ENTRY_BYTES + 1024
}

/**
 * Lays blobs one behind the other into a buffer and closes them with the encrypted header that restic's doc/design.rst describes. The
 * caller brings the buffer, so that it can be shared with the thread that writes it out.
 */
export class PackBuilder {
  readonly #sealer: Sealer
  readonly #packSizeBytes: number
  #buffer: Uint8Array
  #used = 0
  #blobs: PackBlob[] = []

  constructor(sealer: Sealer, options: { readonly buffer: Uint8Array; readonly packSizeBytes: number }) {
    this.#sealer = sealer
    this.#buffer = options.buffer
    this.#packSizeBytes = options.packSizeBytes
  }

  get isEmpty(): boolean {
    return this.#blobs.length === 0
  }

  /** Whether the pack has reached its size and should be finished. */
  get isFull(): boolean {
    return this.#used >= this.#packSizeBytes || this.#blobs.length >= MAX_BLOBS
  }

  /** Seals `content`, the blob's stored form (compressed or not), into the pack. Returns the bytes that it takes there. */
  add(entry: PackEntry, content: Uint8Array): number {
    this.#makeRoom(content.length + SEAL_OVERHEAD_BYTES)
    const length = this.#sealer.sealInto(content, this.#buffer, this.#used)
    this.#push(entry, length)
    return length
  }

  /** Takes over a blob that is sealed under the same key already, as another pack of the repository holds it. */
  addSealed(entry: PackEntry, sealed: Uint8Array): void {
    this.#makeRoom(sealed.length)
    this.#buffer.set(sealed, this.#used)
    this.#push(entry, sealed.length)
  }

  /**
   * Closes the pack, which holds a blob at least: each of them brought room for its entry in the header. The content is a view of the
   * buffer and must be written before the builder is used again.
   */
  finish(): FinishedPack {
    const blobs = this.#blobs
    const header = encodePackHeader(blobs)
    const headerLength = this.#sealer.sealInto(header, this.#buffer, this.#used)
    const end = this.#used + headerLength
    new DataView(this.#buffer.buffer, this.#buffer.byteOffset).setUint32(end, headerLength, true)
    const content = this.#buffer.subarray(0, end + 4)
    return { id: hash('sha256', content, 'hex') as PackId, content, blobs, header }
  }

  /** Starts an empty pack in `buffer`. */
  restart(buffer: Uint8Array): void {
    this.#buffer = buffer
    this.#used = 0
    this.#blobs = []
  }

  #push(entry: PackEntry, length: number): void {
    this.#blobs.push({ type: entry.type, id: entry.id, length, uncompressedLength: entry.uncompressedLength })
    this.#used += length
  }

  /** Only the tree of a gigantic folder is larger than what a buffer is made for: then, and only then, the pack moves to a larger one. */
  #makeRoom(bytes: number): void {
    const headerBytes = (this.#blobs.length + 1) * HEADER_ENTRY_BYTES + SEAL_OVERHEAD_BYTES + 4
    const needed = this.#used + bytes + headerBytes
    if (needed <= this.#buffer.length) return
    const larger = new Uint8Array(needed)
    larger.set(this.#buffer.subarray(0, this.#used))
    this.#buffer = larger
  }
}
