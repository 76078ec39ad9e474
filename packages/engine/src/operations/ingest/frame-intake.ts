import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Sealer } from '../../crypto/sealer.ts'
import { type BlobFrame, openFrame, readFrames } from '../../repository/blob-frames.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import type { LocalBlobReader } from '../../repository/local-blob-reader.ts'
import { PackBuilder } from '../../repository/pack-builder.ts'
import type { PackFinished } from '../backup/backup-tasks.ts'
import { type PackBufferHandle, takeBuffer } from '../backup/pack-buffers.ts'
import type { CheckedProof, ClaimedBlob, FramesTask, ProofsTask, VerifiedFrame } from './ingest-tasks.ts'
import { referencesOf } from './tree-references.ts'

export interface FrameIntakeOptions {
  readonly sealer: Sealer
  readonly index: BlobIndex
  readonly packSizeBytes: number
  readonly buffers: PackBufferHandle
  readonly blobReader: LocalBlobReader
  readonly memories: readonly SharedArrayBuffer[]
  readonly onPack: (pack: PackFinished) => void
  /** Called when a blob that was claimed cannot be stored: others may refer to it. */
  readonly onBrokenClaim: (error: unknown) => void
}

const PROOF_BYTES = 32

/** A worker's part in taking what clients send: nothing is stored whose plaintext does not hash to its id. */
export class FrameIntake {
  readonly #options: FrameIntakeOptions
  #builder: PackBuilder | undefined
  #buffer = 0

  constructor(options: FrameIntakeOptions) {
    this.#options = options
  }

  /**
   * Verifies frames in order, and seals new data into packs as it came, compressed or not. Trees are only verified.
   * @throws {EngineError} `data.malformed`, `data.damaged` at the first frame that is not what it says; those before it are stored.
   */
  takeFrames({ memory, lengthBytes }: FramesTask): readonly VerifiedFrame[] {
    const shared = typeof memory === 'number' ? (this.#options.memories[memory] ?? new SharedArrayBuffer(0)) : memory
    return Array.from(readFrames(new Uint8Array(shared, 0, lengthBytes)), (frame) => {
      const plaintext = openFrame(frame)
      const references = frame.type === 'tree' ? referencesOf(plaintext) : undefined
      if (frame.type === 'data') this.#store(frame)
      const { type, id, isCompressed, plaintextLength, contentLength } = frame
      return { type, id, isCompressed, plaintextLength, contentLength, offset: frame.content.byteOffset, references }
    })
  }

  /** Whether each proof is what comes of the blob in the repository. */
  checkProofs({ nonce, blobs, proofs }: ProofsTask): readonly CheckedProof[] {
    return blobs.map((blob, position) => {
      const plaintext = this.#plaintextOf(blob)
      const expected = createHmac('sha256', nonce).update(plaintext).digest()
      const proof = proofs.subarray(position * PROOF_BYTES, (position + 1) * PROOF_BYTES)
      const isProven = proof.length === PROOF_BYTES && timingSafeEqual(expected, proof)
      return { isProven, references: isProven && blob.type === 'tree' ? referencesOf(plaintext) : undefined }
    })
  }

  /** Hands over the open pack, if there is one. */
  flush(): void {
    this.#redeem(() => this.#closePack())
  }

  #plaintextOf({ source }: ClaimedBlob): Uint8Array {
    return 'pack' in source ? this.#options.blobReader.read(source) : source
  }

  #store(frame: BlobFrame): void {
    const { index, sealer, packSizeBytes, buffers } = this.#options
    if (!index.claim('data', frame.id)) return
    this.#redeem(() => {
      if (this.#builder === undefined) {
        this.#buffer = takeBuffer(buffers)
        const buffer = new Uint8Array(buffers.buffers[this.#buffer] ?? new SharedArrayBuffer(0))
        this.#builder = new PackBuilder(sealer, { buffer, packSizeBytes })
      }
      const uncompressedLength = frame.isCompressed ? frame.plaintextLength : 0
      this.#builder.add({ type: 'data', id: frame.id, uncompressedLength }, frame.content)
      if (this.#builder.isFull) this.#closePack()
    })
  }

  #closePack(): void {
    if (this.#builder === undefined || this.#builder.isEmpty) return
    const { id, content, header } = this.#builder.finish()
    this.#builder = undefined
    this.#options.onPack({ id, buffer: this.#buffer, lengthBytes: content.length, header })
  }

  #redeem(store: () => void): void {
    try {
      store()
    } catch (error) {
      this.#options.onBrokenClaim(error)
      throw error
    }
  }
}
