import { EngineError } from '../errors.ts'
import { type BlobId, idFromBytes } from '../format/ids.ts'
import type { BlobType } from '../format/pack-header.ts'
import { secureRandom } from '../host/random.ts'
import { SharedMutex } from './shared-mutex.ts'

/** Where a blob is: bytes `[offset, offset + length)` of a pack, by the number the index gave that pack. */
export interface BlobLocation {
  readonly pack: number
  readonly offset: number
  readonly length: number
  /** Bytes of the plaintext when the blob is compressed, else 0. */
  readonly uncompressedLength: number
}

/** One blob of the index with its location. */
export interface IndexedBlob extends BlobLocation {
  readonly type: BlobType
  readonly id: BlobId
}

/** What another thread needs to use the same index. Can be posted to a worker. */
export interface BlobIndexHandle {
  readonly header: SharedArrayBuffer
  readonly entries: SharedArrayBuffer
  readonly slots: SharedArrayBuffer
}

/** Eight words of id, then pack, offset, length, and the plaintext's length with the type in its top bit: 48 bytes. */
const ENTRY_WORDS = 12
const ENTRY_BYTES = ENTRY_WORDS * 4
const PACK = 8
const OFFSET = 9
const LENGTH = 10
const PLAIN_AND_TYPE = 11
const TREE_BIT = 0x8000_0000

/** The pack number of a blob that a thread has claimed and whose pack is not written yet. */
const PENDING_PACK = 0xffff_ffff

/** Slots are added when more than this part is in use. A blob takes 48 bytes and 5.3 to 10.7 of slots. */
const MAX_LOAD = 0.75
const FIRST_SLOTS = 1 << 12
const FIRST_ENTRIES = 1 << 11

/** Words of the header that all threads share. */
const COUNT = 1
const SLOT_COUNT = 2
const SEED_A = 3
const SEED_B = 4
/** Odd while the slots are laid out anew. */
const VERSION = 5
const HEADER_WORDS = 8

/** A blob is in two packs after a crash, or in a few; only a hostile index has it in so many that looking at all would take for ever. */
const MAX_COPIES = 1000

/** 48 bytes × 2^26 are 3 GiB of address space, reserved and not taken; about 100 TiB of data at 1.5 MiB a blob. */
const DEFAULT_MAX_BLOBS = 1 << 26

/**
 * Knows every blob of a repository, in shared memory: an open-addressing table of 4 byte slots over a dense array of 48 byte entries. All
 * threads that attach to its handle read and claim blobs without messages; a mutex in the same memory keeps them apart. A blob that
 * several packs hold has an entry for each.
 */
export class BlobIndex {
  readonly handle: BlobIndexHandle
  readonly #mutex: SharedMutex
  readonly #header: Int32Array
  #entries: Uint32Array
  #slots: Uint32Array
  readonly #key = new Uint32Array(8)
  readonly #keyBytes = Buffer.from(this.#key.buffer)

  private constructor(handle: BlobIndexHandle) {
    this.handle = handle
    this.#header = new Int32Array(handle.header)
    this.#mutex = new SharedMutex(this.#header, 0)
    this.#entries = wordsOf(handle.entries)
    this.#slots = wordsOf(handle.slots)
  }

  /** An empty index that grows up to `maxBlobs` entries. */
  static create(options: { readonly maxBlobs?: number } = {}): BlobIndex {
    const maxBlobs = Math.max(options.maxBlobs ?? DEFAULT_MAX_BLOBS, FIRST_ENTRIES)
    const maxSlots = 2 ** Math.ceil(Math.log2(maxBlobs / MAX_LOAD))
    const header = new SharedArrayBuffer(HEADER_WORDS * 4)
    const words = new Int32Array(header)
    words[SLOT_COUNT] = FIRST_SLOTS
    // A hostile repository chooses its ids; with a secret seed it cannot choose which ones collide.
    const seeds = secureRandom(8)
    words[SEED_A] = seeds.readInt32LE(0)
    words[SEED_B] = seeds.readInt32LE(4)
    return new BlobIndex({
      header,
      entries: new SharedArrayBuffer(FIRST_ENTRIES * ENTRY_BYTES, { maxByteLength: maxBlobs * ENTRY_BYTES }),
      slots: new SharedArrayBuffer(FIRST_SLOTS * 4, { maxByteLength: Math.max(maxSlots, FIRST_SLOTS) * 4 }),
    })
  }

  /** The same index seen from another thread. */
  static attach(handle: BlobIndexHandle): BlobIndex {
    return new BlobIndex(handle)
  }

  /** Entries, counting a blob once for each pack that holds it. */
  get size(): number {
    return Atomics.load(this.#header, COUNT)
  }

  /** Bytes of memory that the table takes. */
  get memoryBytes(): number {
    return this.handle.entries.byteLength + this.handle.slots.byteLength
  }

  /** Whether the blob is stored, or claimed by a thread that will store it. */
  has(type: BlobType, id: BlobId | Uint8Array): boolean {
    this.#setKey(id)
    const bit = typeBit(type)
    // Entries never move and are complete before a slot names them, so that what is found without the lock is there. What is not found
    // may only have been out of sight while the slots were laid out anew.
    const version = Atomics.load(this.#header, VERSION)
    if (this.#findSlot(bit) >= 0) return true
    if (version % 2 === 0 && Atomics.load(this.#header, VERSION) === version) return false
    return this.#locked(() => this.#findSlot(bit) >= 0)
  }

  /**
   * Asks for the right to store a blob: true for exactly one caller of all threads, false when the blob is known or claimed already. Who
   * gets true must store the blob or fail the whole operation.
   */
  claim(type: BlobType, id: BlobId | Uint8Array): boolean {
    this.#setKey(id)
    return this.#locked(() => {
      if (this.#findSlot(typeBit(type)) >= 0) return false
      this.#append({ pack: PENDING_PACK, offset: 0, length: 0, plainAndType: typeBit(type) })
      return true
    })
  }

  /**
   * Adds a blob, or fills in the location of a claimed one. An entry for the same place is not added again.
   * @throws {EngineError} `repository.too-large` for more blobs than the index may hold, or a blob in absurdly many places.
   */
  add(type: BlobType, id: BlobId | Uint8Array, location: BlobLocation): void {
    this.#setKey(id)
    this.#locked(() => this.#insert(typeBit(type), location))
  }

  /** As {@link add}, for all blobs of one pack. */
  addPack(pack: number, blobs: Iterable<{ readonly type: BlobType; readonly id: BlobId } & Omit<BlobLocation, 'pack'>>): void {
    this.#locked(() => {
      for (const { type, id, offset, length, uncompressedLength } of blobs) {
        this.#setKey(id)
        this.#insert(typeBit(type), { pack, offset, length, uncompressedLength })
      }
    })
  }

  /** Where the blob is, or undefined when it is unknown (or only claimed). Of several places the first that was added. */
  find(type: BlobType, id: BlobId | Uint8Array): BlobLocation | undefined {
    return this.findAll(type, id)[0]
  }

  /** All places where the blob is. */
  findAll(type: BlobType, id: BlobId | Uint8Array): readonly BlobLocation[] {
    return this.entriesOf(type, id)
      .map((entry) => this.#locationOf(entry))
      .filter(({ pack }) => pack !== PENDING_PACK)
  }

  /** Position of the blob's first entry, stable for the life of the index: a key for arrays over all blobs. -1 when unknown. */
  entryOf(type: BlobType, id: BlobId | Uint8Array): number {
    this.#setKey(id)
    return this.#locked(() => this.#entryIn(this.#findSlot(typeBit(type))))
  }

  /** Positions of all entries of the blob. */
  entriesOf(type: BlobType, id: BlobId | Uint8Array): readonly number[] {
    this.#setKey(id)
    const bit = typeBit(type)
    return this.#locked(() => {
      const found: number[] = []
      for (let slot = this.#findSlot(bit); slot >= 0; slot = this.#findSlot(bit, slot)) found.push(this.#entryIn(slot))
      return found
    })
  }

  /** Position of the first entry of the blob whose entry is at a position below {@link size}: what {@link entryOf} gives, without an id. */
  firstEntryOf(entry: number): number {
    const at = entry * ENTRY_WORDS
    this.#key.set(this.#currentEntries().subarray(at, at + 8))
    return this.#locked(() => this.#entryIn(this.#findSlot(typeBit(this.typeAt(entry)))))
  }

  /** Where the entry at a position below {@link size} says that its blob is. */
  locationAt(entry: number): BlobLocation {
    this.#currentEntries()
    return this.#locationOf(entry)
  }

  /** The entry at a position below {@link size}. */
  entryAt(entry: number): IndexedBlob {
    const at = entry * ENTRY_WORDS
    const words = this.#currentEntries()
    const id = idFromBytes<BlobId>(Buffer.copyBytesFrom(words, at, 8))
    return { id, type: this.typeAt(entry), ...this.#locationOf(entry) }
  }

  typeAt(entry: number): BlobType {
    return ((this.#currentEntries()[entry * ENTRY_WORDS + PLAIN_AND_TYPE] ?? 0) & TREE_BIT) === 0 ? 'data' : 'tree'
  }

  /** All entries in the order they were added, claimed ones left out. */
  *[Symbol.iterator](): Generator<IndexedBlob> {
    for (let entry = 0; entry < this.size; entry++) {
      const blob = this.entryAt(entry)
      if (blob.pack !== PENDING_PACK) yield blob
    }
  }

  /** Makes `id` the key that the private methods look for. */
  #setKey(id: BlobId | Uint8Array): void {
    if (typeof id === 'string') this.#keyBytes.write(id, 0, 32, 'hex')
    else this.#keyBytes.set(id.subarray(0, 32))
  }

  #locked<T>(action: () => T): T {
    this.#mutex.lock()
    try {
      return action()
    } finally {
      this.#mutex.unlock()
    }
  }

  #currentEntries(): Uint32Array {
    if (this.#entries.length < Atomics.load(this.#header, COUNT) * ENTRY_WORDS) this.#entries = wordsOf(this.handle.entries)
    return this.#entries
  }

  #currentSlots(): Uint32Array {
    if (this.#slots.length !== Atomics.load(this.#header, SLOT_COUNT)) this.#slots = wordsOf(this.handle.slots)
    return this.#slots
  }

  /** The slot of the first entry of the current key, or of the next one behind slot `after`; -1 when there is none. */
  #findSlot(bit: number, after?: number): number {
    const slots = this.#currentSlots()
    const mask = slots.length - 1
    for (let slot = after === undefined ? this.#hash() & mask : (after + 1) & mask; ; slot = (slot + 1) & mask) {
      const entry = Atomics.load(slots, slot) - 1
      if (entry < 0) return -1
      if (this.#matches(entry, bit)) return slot
    }
  }

  #entryIn(slot: number): number {
    return slot < 0 ? -1 : (this.#slots[slot] ?? 0) - 1
  }

  #insert(bit: number, location: BlobLocation): void {
    const { pack, offset, length } = location
    const plainAndType = (location.uncompressedLength | bit) >>> 0
    let copies = 0
    for (let slot = this.#findSlot(bit); slot >= 0; slot = this.#findSlot(bit, slot)) {
      const at = this.#entryIn(slot) * ENTRY_WORDS
      const known = this.#entries[at + PACK]
      if (known === pack && this.#entries[at + OFFSET] === offset) return
      if (known === PENDING_PACK) {
        this.#entries.set([pack, offset, length, plainAndType], at + PACK)
        return
      }
      if (++copies === MAX_COPIES) {
        throw new EngineError('repository.too-large', `Cannot use the index: it has one blob in more than ${MAX_COPIES} places`)
      }
    }
    this.#append({ pack, offset, length, plainAndType })
  }

  #matches(entry: number, bit: number): boolean {
    const at = entry * ENTRY_WORDS
    if (at >= this.#entries.length) this.#entries = wordsOf(this.handle.entries)
    const entries = this.#entries
    const key = this.#key
    if (entries[at] !== key[0] || entries[at + 1] !== key[1]) return false
    for (let word = 2; word < 8; word++) if (entries[at + word] !== key[word]) return false
    return ((entries[at + PLAIN_AND_TYPE] ?? 0) & TREE_BIT) >>> 0 === bit
  }

  #append(fields: { readonly pack: number; readonly offset: number; readonly length: number; readonly plainAndType: number }): void {
    const entry = this.#header[COUNT] ?? 0
    this.#makeRoom(entry + 1)
    const at = entry * ENTRY_WORDS
    this.#entries.set(this.#key, at)
    this.#entries[at + PACK] = fields.pack
    this.#entries[at + OFFSET] = fields.offset
    this.#entries[at + LENGTH] = fields.length
    this.#entries[at + PLAIN_AND_TYPE] = fields.plainAndType
    this.#placeSlot(this.#hash(), entry)
    Atomics.store(this.#header, COUNT, entry + 1)
  }

  #makeRoom(count: number): void {
    const { entries, slots } = this.handle
    // Another thread may have made room since this one looked.
    if (this.#entries.byteLength !== entries.byteLength) this.#entries = wordsOf(entries)
    this.#currentSlots()
    if (count * ENTRY_BYTES > entries.byteLength) {
      if (count * ENTRY_BYTES > entries.maxByteLength) {
        throw new EngineError('repository.too-large', `Cannot hold the index in memory: the repository has more than ${count - 1} blobs`)
      }
      // Growth by a sixteenth keeps what is taken and not used small; the address space is reserved, so that nothing is copied.
      const wanted = Math.max(
        entries.byteLength + FIRST_ENTRIES * ENTRY_BYTES,
        Math.ceil((entries.byteLength * 17) / 16 / ENTRY_BYTES) * ENTRY_BYTES,
      )
      entries.grow(Math.min(entries.maxByteLength, wanted))
      this.#entries = wordsOf(entries)
    }
    if (count <= this.#slots.length * MAX_LOAD) return
    // An odd version tells readers without the lock that they may miss what is there.
    Atomics.add(this.#header, VERSION, 1)
    slots.grow(slots.byteLength * 2)
    this.#slots = wordsOf(slots).fill(0)
    Atomics.store(this.#header, SLOT_COUNT, this.#slots.length)
    for (let entry = 0; entry < count - 1; entry++) this.#placeSlot(this.#hashOf(this.#entries, entry * ENTRY_WORDS), entry)
    Atomics.add(this.#header, VERSION, 1)
  }

  #placeSlot(hash: number, entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    Atomics.store(this.#slots, slot, entry + 1)
  }

  #hash(): number {
    return this.#hashOf(this.#key, 0)
  }

  #hashOf(words: Uint32Array, at: number): number {
    const a = Math.imul((words[at] ?? 0) ^ (this.#header[SEED_A] ?? 0), 0x9e37_79b1)
    const b = Math.imul((words[at + 1] ?? 0) ^ (this.#header[SEED_B] ?? 0), 0x85eb_ca77)
    const mixed = Math.imul(a ^ (a >>> 15) ^ b, 0x2c1b_3c6d)
    return (mixed ^ (mixed >>> 13)) >>> 0
  }

  #locationOf(entry: number): BlobLocation {
    const at = entry * ENTRY_WORDS
    const entries = this.#entries
    return {
      pack: entries[at + PACK] ?? 0,
      offset: entries[at + OFFSET] ?? 0,
      length: entries[at + LENGTH] ?? 0,
      uncompressedLength: (entries[at + PLAIN_AND_TYPE] ?? 0) & ~TREE_BIT,
    }
  }
}

/** All words that there are now. A view that follows the growth of its memory by itself would take 20 times as long for each access. */
function wordsOf(memory: SharedArrayBuffer): Uint32Array {
  return new Uint32Array(memory, 0, memory.byteLength / 4)
}

function typeBit(type: BlobType): number {
  return type === 'tree' ? TREE_BIT : 0
}
