import { hash } from 'node:crypto'
import { type CompressionMode, compress, compressAlways } from '../compression/zstd.ts'
import { isEngineError } from '../errors.ts'
import type { BlobId, PackId } from '../format/ids.ts'
import type { BlobType, PackBlob } from '../format/pack-header.ts'
import { withTimeLimit } from '../host/clock.ts'
import type { CallOptions } from '../storage/storage.ts'
import { IndexRecorder } from './index-recorder.ts'
import type { IndexedRepository } from './indexed-repository.ts'
import { DEFAULT_PACK_SIZE_BYTES, PackBuilder, type PackEntry, packBufferBytes } from './pack-builder.ts'
import { TaskQueue } from './task-queue.ts'

export interface WriteOptions extends CallOptions {
  /** Nothing is written before this resolves, and everything fails if it rejects: a lock that is still to be confirmed. */
  readonly permission?: Promise<void> | undefined
  readonly compression?: CompressionMode
  /** Packs are closed when they have at least this size. */
  readonly packSizeBytes?: number
}

/** What became of a blob that was handed to {@link RepositoryWriter.saveBlob}. */
export interface SavedBlob {
  readonly id: BlobId
  /** False when the repository had it already. */
  readonly isNew: boolean
  /** Bytes it takes in a pack; 0 when it was there already. */
  readonly storedBytes: number
}

/** A whole pack made elsewhere (by a worker), ready to be stored. */
export interface PackToStore {
  readonly id: PackId
  readonly content: Uint8Array
  readonly blobs: readonly PackBlob[]
}

/** How long an operation that failed may still take to name in the index what it had stored. */
const ABANDON_TIMEOUT_MS = 20_000

/**
 * Adds blobs to a repository: packs first, each durable before an index file names it. Made by {@link IndexedRepository.write}, which also
 * ends it. Several packs are under way at once, as many as the storage has connections.
 */
export class RepositoryWriter {
  readonly #indexed: IndexedRepository
  readonly #options: WriteOptions
  readonly #compression: CompressionMode
  readonly #packSizeBytes: number
  readonly #recorder: IndexRecorder
  readonly #uploads: TaskQueue
  readonly #builders = new Map<BlobType, PackBuilder>()
  readonly #freeBuffers: Uint8Array[] = []
  /** Packs that wait for their upload to begin. */
  readonly #waiting = new Set<Promise<void>>()
  #brokenPromise: { readonly error: unknown } | undefined

  constructor(indexed: IndexedRepository, options: WriteOptions) {
    const { repository } = indexed
    this.#indexed = indexed
    this.#options = options
    this.#compression = repository.config.version === 1 ? 'off' : (options.compression ?? 'auto')
    this.#packSizeBytes = options.packSizeBytes ?? DEFAULT_PACK_SIZE_BYTES
    this.#recorder = new IndexRecorder(repository, options)
    this.#uploads = new TaskQueue(repository.storage.limits.connections)
  }

  /** Stores a blob unless the repository has it. */
  async saveBlob(type: BlobType, plaintext: Uint8Array): Promise<SavedBlob> {
    const id = hash('sha256', plaintext, 'hex') as BlobId
    if (!this.#indexed.index.claim(type, id)) return { id, isNew: false, storedBytes: 0 }
    return this.#redeem(() => {
      const frame = this.#compress(plaintext, { always: type === 'tree' })
      return this.#append({ type, id, uncompressedLength: frame === undefined ? 0 : plaintext.length }, frame ?? plaintext)
    })
  }

  /** Stores a blob whose compressed form is known from elsewhere, unless the repository has it. Only for repositories of version 2. */
  async saveCompressedBlob(entry: PackEntry, frame: Uint8Array): Promise<SavedBlob> {
    if (!this.#indexed.index.claim(entry.type, entry.id)) return { id: entry.id, isNew: false, storedBytes: 0 }
    return this.#redeem(() => this.#append(entry, frame))
  }

  /**
   * Stores a blob once more, whether it is known or not, in the form in which this writer stores new ones. With `compress` it is compressed
   * even where that makes it no smaller, for who wants no uncompressed blob to be left.
   */
  async saveBlobAgain(type: BlobType, plaintext: Uint8Array, options: { readonly compress: boolean }): Promise<SavedBlob> {
    const id = hash('sha256', plaintext, 'hex') as BlobId
    const frame = this.#compress(plaintext, { always: type === 'tree' || options.compress })
    return this.#append({ type, id, uncompressedLength: frame === undefined ? 0 : plaintext.length }, frame ?? plaintext)
  }

  /** Stores a blob as another pack of this repository holds it (sealed under the same key), whether it is known already or not. */
  async saveSealedBlob(entry: PackEntry, sealed: Uint8Array): Promise<void> {
    const builder = this.#builderFor(entry.type)
    builder.addSealed(entry, sealed)
    if (builder.isFull) await this.#finishPack(entry.type, builder)
  }

  /**
   * Stores a whole pack, then adds its blobs to the index. Resolves when the upload has begun; `onStored` tells, once, when the bytes are
   * no longer needed, also after a failure: whoever waits for their memory must not wait for ever.
   */
  async savePack(pack: PackToStore, onStored: () => void): Promise<void> {
    let hasBegun = false
    try {
      await this.#uploads.add(() => {
        hasBegun = true
        return this.#upload(pack, onStored)
      })
    } catch (error) {
      if (!hasBegun) onStored()
      throw error
    }
  }

  /**
   * Makes durable all that was handed over so far, while others may go on writing: closes open packs, and resolves when they and all packs
   * before them are stored and named by index files.
   */
  async checkpoint(): Promise<void> {
    if (this.#brokenPromise !== undefined) throw this.#brokenPromise.error
    for (const [type, builder] of this.#builders) if (!builder.isEmpty) await this.#finishPack(type, builder)
    await Promise.all([...this.#waiting])
    await this.#uploads.drainCurrent()
    await this.#options.permission
    await this.#recorder.save()
  }

  /** Closes open packs and waits until everything is stored and named by index files. */
  async finish(): Promise<void> {
    if (this.#brokenPromise !== undefined) throw this.#brokenPromise.error
    for (const [type, builder] of this.#builders) if (!builder.isEmpty) await this.#finishPack(type, builder)
    await this.#uploads.drain()
    await this.#options.permission
    await this.#recorder.save()
  }

  /** After a failure: names what is stored in the index, if the storage still answers and the lock is held. Never rejects. */
  async abandon(): Promise<void> {
    await this.#uploads.settle()
    // Without the lock a prune may have removed the new packs: an index that names them would have later backups rely on what is gone.
    if (isEngineError(this.#options.signal?.reason, 'repository.lock-lost')) return
    try {
      await withTimeLimit(this.#indexed.repository.clock, ABANDON_TIMEOUT_MS, (signal) => this.#recorder.save({ signal }))
    } catch {
      // The failure that led here is the one to report; packs that no index names are found and removed by prune.
    }
  }

  /** Stores a blob that was claimed. When that fails everything has to: whoever brought the same blob relies on it being stored. */
  async #redeem(store: () => Promise<SavedBlob>): Promise<SavedBlob> {
    try {
      return await store()
    } catch (error) {
      this.#brokenPromise ??= { error }
      throw error
    }
  }

  async #upload(pack: PackToStore, onStored: () => void): Promise<void> {
    try {
      await this.#options.permission
      await this.#indexed.repository.storeFile({ kind: 'data', name: pack.id }, pack.content, this.#options)
    } finally {
      onStored()
    }
    this.#addToIndex(pack)
    await this.#recorder.record(pack.id, pack.blobs)
  }

  async #append(entry: PackEntry, content: Uint8Array): Promise<SavedBlob> {
    const builder = this.#builderFor(entry.type)
    const storedBytes = builder.add(entry, content)
    if (builder.isFull) await this.#finishPack(entry.type, builder)
    return { id: entry.id, isNew: true, storedBytes }
  }

  /**
   * The compressed form of a blob; undefined where it is to be stored as it is. Trees are always compressed, even if they grow: restic's
   * prune takes a pack with an uncompressed tree for unfinished work.
   */
  #compress(plaintext: Uint8Array, { always }: { readonly always: boolean }): Buffer | undefined {
    if (this.#indexed.repository.config.version === 1) return undefined
    if (!always) return compress(plaintext, this.#compression)
    return compressAlways(plaintext, this.#compression === 'off' ? 'auto' : this.#compression)
  }

  #builderFor(type: BlobType): PackBuilder {
    const known = this.#builders.get(type)
    if (known !== undefined) return known
    const builder = new PackBuilder(this.#indexed.repository.sealer, { buffer: this.#takeBuffer(), packSizeBytes: this.#packSizeBytes })
    this.#builders.set(type, builder)
    return builder
  }

  async #finishPack(type: BlobType, builder: PackBuilder): Promise<void> {
    this.#builders.delete(type)
    const pack = builder.finish()
    const begun = this.savePack(pack, () => {
      this.#freeBuffers.push(new Uint8Array(pack.content.buffer))
    })
    const waiting = begun.finally(() => this.#waiting.delete(waiting))
    this.#waiting.add(waiting)
    await waiting
  }

  #takeBuffer(): Uint8Array {
    return this.#freeBuffers.pop() ?? new Uint8Array(packBufferBytes(this.#packSizeBytes))
  }

  #addToIndex(pack: PackToStore): void {
    let offset = 0
    const blobs = pack.blobs.map(({ type, id, length, uncompressedLength }) => {
      const blob = { type, id, offset, length, uncompressedLength }
      offset += length
      return blob
    })
    this.#indexed.index.addPack(this.#indexed.packs.numberOf(pack.id), blobs)
  }
}
