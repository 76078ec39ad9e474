import { Sealer, type SealingKey } from '../../crypto/sealer.ts'
import { EngineError } from '../../errors.ts'
import type { BlobId, PackId } from '../../format/ids.ts'
import { encodeIndexFile, INDEX_BLOBS_MAX, type IndexedPack } from '../../format/index-file.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { TreePackReader } from '../../repository/tree-pack-reader.ts'
import { streamTrees } from '../../snapshots/tree-stream.ts'
import type { ByteRange, CallOptions } from '../../storage/storage.ts'

/**
 * What one snapshot needs, for somebody who must not have the repository's key: an index of its blobs alone, and ranges of their packs in
 * which each of these blobs is sealed anew under the borrower's key and everything else is zeros. Sizes and places are those of the
 * repository, so that a restore plans its reads as it would there.
 */
export class LentSnapshot {
  readonly #indexed: IndexedRepository
  /** Positions in the index, sorted by pack and offset. */
  readonly #entries: Uint32Array
  /** Where the entries of each pack begin and end. */
  readonly #packs: ReadonlyMap<PackId, readonly [from: number, to: number]>

  private constructor(indexed: IndexedRepository, entries: Uint32Array) {
    this.#indexed = indexed
    this.#entries = entries
    this.#packs = rangesOf(indexed, entries)
  }

  /** Looks which blobs a tree needs. Those that the repository lacks are left out. @throws {EngineError} `data.*` for trees, `storage.*` */
  static async of(indexed: IndexedRepository, tree: BlobId, options: CallOptions = {}): Promise<LentSnapshot> {
    const used = new BlobSet(indexed.index)
    const wants = (id: BlobId): boolean => used.add('tree', id)
    for await (const { tree: read } of streamTrees(new TreePackReader(indexed), [tree], { ...options, wants })) {
      for (const node of read.nodes) if (node.type === 'file') for (const id of node.content ?? []) used.add('data', id)
    }
    return new LentSnapshot(indexed, sortedEntries(indexed.index, used))
  }

  /** How many parts the index has. */
  get indexParts(): number {
    return Math.ceil(this.#entries.length / INDEX_BLOBS_MAX)
  }

  /** One part of the index as an index file, sealed under `key`. @throws {EngineError} `input.invalid` for a part that is not there. */
  readIndex(part: number, key: SealingKey): Buffer {
    if (part < 0 || part >= this.indexParts) throw new EngineError('input.invalid', `Cannot read part ${part} of the index: there is none`)
    const { index, packs } = this.#indexed
    const grouped = new Map<number, IndexedPack['blobs'][number][]>()
    for (const entry of this.#entries.subarray(part * INDEX_BLOBS_MAX, (part + 1) * INDEX_BLOBS_MAX)) {
      const { id, type, pack, offset, length, uncompressedLength } = index.entryAt(entry)
      const blobs = grouped.get(pack) ?? []
      blobs.push({ id, type, offset, length, ...(uncompressedLength === 0 ? {} : { uncompressed_length: uncompressedLength }) })
      grouped.set(pack, blobs)
    }
    const file = { packs: [...grouped].map(([pack, blobs]) => ({ id: packs.idOf(pack), blobs })) }
    return new Sealer(key).seal(encodeIndexFile(file))
  }

  /**
   * Bytes of a pack, with the lent blobs that lie in the range as a whole sealed under `key`.
   * @throws {EngineError} `input.invalid` for a pack that the snapshot does not need, `data.damaged`, `storage.*`
   */
  async readPack(pack: PackId, range: ByteRange, options: CallOptions & { readonly key: SealingKey }): Promise<Uint8Array> {
    const ends = this.#packs.get(pack)
    if (ends === undefined) throw new EngineError('input.invalid', `Cannot read the pack ${pack.slice(0, 10)}: it is not lent`)
    const { repository, index } = this.#indexed
    const { signal } = options
    const content = await repository.storage.read({ kind: 'data', name: pack }, range, { signal })
    const stored = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    const lent = Buffer.alloc(stored.length)
    const sealer = new Sealer(options.key)
    for (let at = this.#firstAt(ends, range.offset); at < ends[1]; at++) {
      const { offset, length } = index.locationAt(this.#entries[at] ?? 0)
      const from = offset - range.offset
      if (from + length > range.length) break
      sealer.sealInto(repository.sealer.open(stored.subarray(from, from + length)), lent, from)
    }
    return lent
  }

  /** The first entry of a pack that begins at `offset` or behind it. */
  #firstAt([from, to]: readonly [number, number], offset: number): number {
    let [low, high] = [from, to]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#indexed.index.locationAt(this.#entries[middle] ?? 0).offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function sortedEntries(index: BlobIndex, used: BlobSet): Uint32Array {
  const entries = Uint32Array.from(used.entries())
  return entries.sort((one, other) => {
    const [left, right] = [index.locationAt(one), index.locationAt(other)]
    return left.pack - right.pack || left.offset - right.offset
  })
}

function rangesOf({ index, packs }: IndexedRepository, entries: Uint32Array): ReadonlyMap<PackId, readonly [number, number]> {
  const ranges = new Map<PackId, readonly [number, number]>()
  let from = 0
  for (let at = 1; at <= entries.length; at++) {
    const pack = index.locationAt(entries[from] ?? 0).pack
    if (at < entries.length && index.locationAt(entries[at] ?? 0).pack === pack) continue
    ranges.set(packs.idOf(pack), [from, at])
    from = at
  }
  return ranges
}
