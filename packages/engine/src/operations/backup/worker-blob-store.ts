import assert from 'node:assert'
import { hash } from 'node:crypto'
import { type CompressionMode, compressToLookAt } from '../../compression/zstd.ts'
import type { Sealer } from '../../crypto/sealer.ts'
import type { BlobId } from '../../format/ids.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import { PackBuilder } from '../../repository/pack-builder.ts'
import type { BackupCounts, PackFinished } from './backup-tasks.ts'
import { type PackBufferHandle, takeBuffer } from './pack-buffers.ts'

export interface WorkerBlobStoreOptions {
  readonly sealer: Sealer
  readonly index: BlobIndex
  readonly compression: CompressionMode
  readonly packSizeBytes: number
  readonly buffers: PackBufferHandle
  readonly onPack: (pack: PackFinished) => void
  /** Called when a blob that was claimed cannot be stored: others may refer to it, so that no snapshot may be made. */
  readonly onBrokenClaim: (error: unknown) => void
}

/** Where a worker puts the chunks that it cuts. */
export interface ChunkStore {
  /** Stores a chunk unless it is known, notes in `counts` what that took as far as it is known now, and returns the chunk's id. */
  save(plaintext: Uint8Array, counts: BackupCounts): BlobId
  /** Hands over everything that is kept. */
  flush(): void
}

/** Stores data blobs from a worker: what the index does not know is compressed, sealed and packed into shared memory. */
export class WorkerBlobStore implements ChunkStore {
  readonly #options: WorkerBlobStoreOptions
  #builder: PackBuilder | undefined
  #buffer = 0

  constructor(options: WorkerBlobStoreOptions) {
    this.#options = options
  }

  /** Stores a chunk unless it is known, notes what that took in `counts`, and returns the chunk's id. */
  save(plaintext: Uint8Array, counts: BackupCounts): BlobId {
    const digest = hash('sha256', plaintext, 'buffer')
    const id = digest.toString('hex') as BlobId
    if (this.#options.index.claim('data', digest)) this.#redeem(() => this.#store(id, { plaintext, counts }))
    return id
  }

  /** Hands over the open pack, if there is one. */
  flush(): void {
    this.#redeem(() => this.#closePack())
  }

  #redeem(store: () => void): void {
    try {
      store()
    } catch (error) {
      this.#options.onBrokenClaim(error)
      throw error
    }
  }

  #closePack(): void {
    if (this.#builder === undefined || this.#builder.isEmpty) return
    const { id, content, header } = this.#builder.finish()
    // The main thread reads the pack from there: whatever lies elsewhere would be lost, and something else be stored under its name.
    assert(content.buffer === this.#options.buffers.buffers[this.#buffer], 'a pack of cut blobs has outgrown its shared memory')
    this.#builder = undefined
    this.#options.onPack({ id, buffer: this.#buffer, lengthBytes: content.length, header })
  }

  #store(id: BlobId, chunk: { readonly plaintext: Uint8Array; readonly counts: BackupCounts }): void {
    const { plaintext, counts } = chunk
    const frame = compressToLookAt(plaintext, this.#options.compression)
    this.#builder ??= this.#newBuilder()
    const storedBytes = this.#builder.add(
      { type: 'data', id, uncompressedLength: frame === undefined ? 0 : plaintext.length },
      frame ?? plaintext,
    )
    counts.dataBlobs++
    counts.dataBytesAdded += plaintext.length
    counts.dataBytesStored += storedBytes
    if (this.#builder.isFull) this.#closePack()
  }

  #newBuilder(): PackBuilder {
    const { sealer, packSizeBytes, buffers } = this.#options
    this.#buffer = takeBuffer(buffers)
    return new PackBuilder(sealer, { buffer: new Uint8Array(buffers.buffers[this.#buffer] ?? new SharedArrayBuffer(0)), packSizeBytes })
  }
}
