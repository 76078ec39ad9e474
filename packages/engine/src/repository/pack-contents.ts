import { packHeaderSize } from '../format/pack-header.ts'
import type { BlobIndex } from './blob-index.ts'

/** What another thread needs to use the same table. Can be posted to a worker. */
export interface PackContentsHandle {
  readonly starts: SharedArrayBuffer
  readonly entries: SharedArrayBuffer
}

/**
 * The blob index turned around: which of its entries each pack has, in the order of their offsets. 4 bytes a blob and 4 a pack, in shared
 * memory. It does not follow the index when that grows.
 */
export class PackContents {
  readonly handle: PackContentsHandle
  readonly #starts: Uint32Array
  readonly #entries: Uint32Array

  private constructor(handle: PackContentsHandle) {
    this.handle = handle
    this.#starts = new Uint32Array(handle.starts)
    this.#entries = new Uint32Array(handle.entries)
  }

  /** Turns `index` around, whose packs have numbers below `packCount`. */
  static of(index: BlobIndex, packCount: number): PackContents {
    const starts = new SharedArrayBuffer((packCount + 1) * 4)
    const entries = new SharedArrayBuffer(index.size * 4)
    fillByPack(index, new Uint32Array(starts), new Uint32Array(entries))
    const contents = new PackContents({ starts, entries })
    for (let pack = 0; pack < packCount; pack++) sortByOffset(contents.entriesOf(pack), index)
    return contents
  }

  /** The same table seen from another thread. */
  static attach(handle: PackContentsHandle): PackContents {
    return new PackContents(handle)
  }

  get packCount(): number {
    return this.#starts.length - 1
  }

  /** Positions in the index of the blobs of a pack, by ascending offset. */
  entriesOf(pack: number): Uint32Array {
    return this.#entries.subarray(this.#starts[pack] ?? 0, this.#starts[pack + 1] ?? 0)
  }

  /** Whether the blobs of a pack lie one behind the other from its beginning on. */
  isContiguous(pack: number, index: BlobIndex): boolean {
    let end = 0
    for (const entry of this.entriesOf(pack)) {
      const { offset, length } = index.locationAt(entry)
      if (offset !== end) return false
      end = offset + length
    }
    return true
  }

  /** Bytes that a pack has when it holds what the index says and nothing else. */
  sizeOf(pack: number, index: BlobIndex): number {
    const blobs = Array.from(this.entriesOf(pack), (entry) => index.locationAt(entry))
    return blobs.reduce((sum, { length }) => sum + length, packHeaderSize(blobs))
  }
}

/** A counting sort. At the end `starts` holds the first position of each pack, and its last word the number of all entries. */
function fillByPack(index: BlobIndex, starts: Uint32Array, entries: Uint32Array): void {
  for (let entry = 0; entry < entries.length; entry++) increment(starts, index.locationAt(entry).pack)
  for (let pack = 1; pack < starts.length; pack++) starts[pack] = (starts[pack] ?? 0) + (starts[pack - 1] ?? 0)
  for (let entry = entries.length - 1; entry >= 0; entry--) entries[decrement(starts, index.locationAt(entry).pack)] = entry
}

function sortByOffset(entries: Uint32Array, index: BlobIndex): void {
  const offsets = Float64Array.from(entries, (entry) => index.locationAt(entry).offset)
  if (offsets.every((offset, position) => position === 0 || offset >= (offsets[position - 1] ?? 0))) return
  entries.sort((a, b) => index.locationAt(a).offset - index.locationAt(b).offset)
}

function increment(counts: Uint32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1
}

function decrement(counts: Uint32Array, at: number): number {
  const less = (counts[at] ?? 0) - 1
  counts[at] = less
  return less
}
