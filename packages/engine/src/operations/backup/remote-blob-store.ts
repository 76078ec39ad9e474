import { createHmac, hash } from 'node:crypto'
import { type CompressionMode, compressToLookAt } from '../../compression/zstd.ts'
import { EngineError } from '../../errors.ts'
import type { BlobId } from '../../format/ids.ts'
import { BLOB_NAME_BYTES, DATA_BYTES_MAX, FRAME_HEADER_BYTES, writeFrame } from '../../repository/blob-frames.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import type { BlobsAsked, BlobsProven, FramesFinished } from './backup-tasks.ts'
import { type PackBufferHandle, takeBuffer } from './pack-buffers.ts'
import {
  awaitAnswer,
  BOX_ANSWERED,
  BOX_ASKED,
  BOX_FAILED,
  BOX_FREE,
  BOX_PROVING,
  nonceOf,
  QUESTION_BLOBS_MAX,
  type QuestionBox,
  setBoxState,
  verdictsOf,
} from './question-box.ts'
import { PROVE, SEND } from './remote-store.ts'
import type { ChunkStore } from './worker-blob-store.ts'

export interface RemoteBlobStoreOptions {
  /** Blobs that were met with already in this backup. */
  readonly index: BlobIndex
  readonly compression: CompressionMode
  readonly boxes: readonly QuestionBox[]
  readonly buffers: PackBufferHandle
  readonly post: (event: BlobsAsked | BlobsProven | FramesFinished) => void
  /** Called when a blob that was claimed cannot be stored: others may refer to it, so that no snapshot may be made. */
  readonly onBrokenClaim: (error: unknown) => void
}

/** Plaintext that waits for one answer: the largest chunk fits. */
const BATCH_BYTES = DATA_BYTES_MAX
/** Frames are handed over when they have at least this size together. */
const FRAMES_BYTES = 4 * 1024 * 1024

/** Bytes that a buffer for frames needs so that every frame fits behind those that are not enough yet. */
export const FRAMES_BUFFER_BYTES = FRAMES_BYTES + FRAME_HEADER_BYTES + DATA_BYTES_MAX

/** Blobs that the store is asked about together, with their plaintext. */
interface Batch {
  readonly number: number
  readonly box: QuestionBox
  readonly memory: Uint8Array
  readonly names: Buffer
  /** The end of each blob's plaintext in the memory. */
  readonly ends: number[]
  used: number
}

/**
 * Stores data blobs from a worker in a store behind a server. What this backup has not met with is kept until there is a batch; the store
 * is asked about a batch while the worker fills the next one, and what it wants is compressed and framed into shared memory only then.
 */
export class RemoteBlobStore implements ChunkStore {
  readonly #options: RemoteBlobStoreOptions
  readonly #batches: readonly Batch[]
  #current = 0
  #buffer: number | undefined
  #buffered = 0
  #counts = { blobs: 0, bytesAdded: 0, bytesStored: 0 }

  constructor(options: RemoteBlobStoreOptions) {
    this.#options = options
    this.#batches = options.boxes.map((box, number) => ({
      number,
      box,
      memory: new Uint8Array(BATCH_BYTES),
      names: Buffer.alloc(QUESTION_BLOBS_MAX * BLOB_NAME_BYTES),
      ends: [],
      used: 0,
    }))
  }

  /** Keeps a chunk unless this backup has had it, and returns its id. Whether the store wants it, and what it takes then, is told later. */
  save(plaintext: Uint8Array): BlobId {
    const digest = hash('sha256', plaintext, 'buffer')
    if (this.#options.index.claim('data', digest)) this.#redeem(() => this.#keep(digest, plaintext))
    return digest.toString('hex') as BlobId
  }

  /** Has the store answer for everything that is kept, and hands over what it wants. */
  flush(): void {
    this.#redeem(() => {
      const batch = this.#batch()
      if (batch.ends.length > 0) this.#ask(batch)
      // The other batch was asked about earlier.
      this.#settle(this.#otherBatch())
      this.#settle(batch)
      this.#handOver()
    })
  }

  #redeem(store: () => void): void {
    try {
      store()
    } catch (error) {
      this.#options.onBrokenClaim(error)
      throw error
    }
  }

  #batch(): Batch {
    return this.#batches[this.#current] as Batch
  }

  #otherBatch(): Batch {
    return this.#batches[1 - this.#current] as Batch
  }

  #keep(digest: Uint8Array, plaintext: Uint8Array): void {
    let batch = this.#batch()
    if (batch.used + plaintext.length > BATCH_BYTES || batch.ends.length === QUESTION_BLOBS_MAX) {
      this.#ask(batch)
      this.#current = 1 - this.#current
      batch = this.#batch()
      this.#settle(batch)
    }
    batch.names.set(digest, batch.ends.length * BLOB_NAME_BYTES + 1)
    batch.memory.set(plaintext, batch.used)
    batch.used += plaintext.length
    batch.ends.push(batch.used)
  }

  #ask(batch: Batch): void {
    // The proofs for what the batch held before may still be on their way.
    if (awaitAnswer(batch.box) === BOX_FAILED) throw noAnswer()
    setBoxState(batch.box, BOX_ASKED)
    this.#options.post({ asked: new Uint8Array(batch.names.subarray(0, batch.ends.length * BLOB_NAME_BYTES)), box: batch.number })
  }

  /** Waits for the answer to a batch and does what it says; the batch is empty then. */
  #settle(batch: Batch): void {
    const state = awaitAnswer(batch.box)
    if (state === BOX_FAILED) throw noAnswer()
    if (state !== BOX_ANSWERED) return
    const verdicts = verdictsOf(batch.box)
    const nonce = Buffer.from(nonceOf(batch.box))
    const names: Uint8Array[] = []
    const proofs: Uint8Array[] = []
    let start = 0
    for (const [position, end] of batch.ends.entries()) {
      const plaintext = batch.memory.subarray(start, end)
      const name = batch.names.subarray(position * BLOB_NAME_BYTES, (position + 1) * BLOB_NAME_BYTES)
      if (verdicts[position] === SEND) this.#frame(name.subarray(1), plaintext)
      else if (verdicts[position] === PROVE) {
        names.push(name)
        proofs.push(createHmac('sha256', nonce).update(plaintext).digest())
      }
      start = end
    }
    batch.ends.length = 0
    batch.used = 0
    setBoxState(batch.box, names.length > 0 ? BOX_PROVING : BOX_FREE)
    if (names.length === 0) return
    this.#options.post({
      proven: { names: new Uint8Array(Buffer.concat(names)), proofs: new Uint8Array(Buffer.concat(proofs)) },
      nonce: new Uint8Array(nonce),
      box: batch.number,
    })
  }

  #frame(digest: Uint8Array, plaintext: Uint8Array): void {
    this.#buffer ??= takeBuffer(this.#options.buffers)
    const target = new Uint8Array(this.#options.buffers.buffers[this.#buffer] ?? new SharedArrayBuffer(0))
    const frame = compressToLookAt(plaintext, this.#options.compression)
    const content = frame ?? plaintext
    const head = { type: 'data', digest, isCompressed: frame !== undefined, plaintextLength: plaintext.length } as const
    this.#buffered = writeFrame(target, this.#buffered, { ...head, content })
    this.#counts.blobs++
    this.#counts.bytesAdded += plaintext.length
    this.#counts.bytesStored += content.length
    if (this.#buffered >= FRAMES_BYTES) this.#handOver()
  }

  #handOver(): void {
    if (this.#buffer === undefined) return
    this.#options.post({ frames: this.#buffer, lengthBytes: this.#buffered, counts: this.#counts })
    this.#buffer = undefined
    this.#buffered = 0
    this.#counts = { blobs: 0, bytesAdded: 0, bytesStored: 0 }
  }
}

function noAnswer(): EngineError {
  return new EngineError('operation.cancelled', 'Cannot store blobs: the server did not answer')
}
