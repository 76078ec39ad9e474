import { EngineError } from '../../errors.ts'
import type { BlobId } from '../../format/ids.ts'
import { type BlobType, decodePackHeader } from '../../format/pack-header.ts'
import { DATA_BYTES_MAX } from '../../repository/blob-frames.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { DEFAULT_PACK_SIZE_BYTES, packBufferBytes } from '../../repository/pack-builder.ts'
import type { RepositoryWriter } from '../../repository/repository-writer.ts'
import { defaultWorkerCount, receivedError, SpareThreads, WorkerPool } from '../../repository/worker-pool.ts'
import type { PackFinished } from '../backup/backup-tasks.ts'
import { buffersPerWorker, createPackBuffers, type PackBufferHandle, releaseBuffer } from '../backup/pack-buffers.ts'
import type { FrameBatch } from './frame-batches.ts'
import type { CheckedProof, ClaimedBlob, IngestAnswer, IngestEvent, IngestTask, IngestWorkerData, VerifiedFrame } from './ingest-tasks.ts'

/** A blob that a client has sent or shown. */
export interface IngestedBlob {
  readonly type: BlobType
  readonly id: BlobId
  /** The names of the blobs that a tree names, 33 bytes each: type (0 data, 1 tree) and id. */
  readonly references: Uint8Array | undefined
}

/** Blobs of which a client says that it has them, and for each of them 32 bytes to show it. */
export interface ProofClaim {
  readonly blobs: readonly { readonly type: BlobType; readonly id: BlobId }[]
  readonly proofs: Uint8Array
}

export interface BlobIngestOptions {
  /** As many as there are cores if absent. */
  readonly workers?: number
  /** Called once when something that was taken cannot be stored: nothing can be written through this any more. */
  readonly onFailure: (error: unknown) => void
}

/** Holds every batch but one with a large tree. */
const BATCH_MEMORY_BYTES = DATA_BYTES_MAX + 2 * 1024 * 1024
const PROOF_BYTES = 32
/** A batch is worked on and one waits, for each worker. */
const BATCHES_PER_WORKER = 2

/**
 * Takes what clients of a server send into a repository: worker threads verify that each blob is what its id says, then seal and pack it.
 * Any number of clients may send at once; what they send waits until a worker is free, so that memory does not grow with their number.
 */
export class BlobIngest {
  readonly #indexed: IndexedRepository
  readonly #writer: RepositoryWriter
  readonly #pool: WorkerPool<IngestTask, IngestAnswer, IngestEvent>
  readonly #buffers: readonly PackBufferHandle[]
  readonly #onFailure: (error: unknown) => void
  /** One for each turn; which of them are free. */
  readonly #memories: readonly SharedArrayBuffer[]
  readonly #freeMemories: number[]
  readonly #waiting: (() => void)[] = []
  readonly #packs = new Set<Promise<void>>()
  #freeTurns: number
  #failure: { readonly error: unknown } | undefined

  /** @throws {EngineError} `repository.version` for a repository that cannot hold compressed blobs. */
  constructor(indexed: IndexedRepository, writer: RepositoryWriter, options: BlobIngestOptions) {
    const { repository } = indexed
    if (repository.config.version === 1) {
      throw new EngineError('repository.version', `Cannot take uploads into ${repository.location}: it has format version 1`)
    }
    this.#indexed = indexed
    this.#writer = writer
    this.#onFailure = options.onFailure
    const workers = options.workers ?? defaultWorkerCount()
    const { localFolder, limits } = repository.storage
    const count = buffersPerWorker({ isLocal: localFolder !== undefined, connections: limits.connections }, workers)
    this.#buffers = Array.from({ length: workers }, () => createPackBuffers(packBufferBytes(DEFAULT_PACK_SIZE_BYTES), count))
    this.#freeTurns = workers * BATCHES_PER_WORKER
    this.#memories = Array.from({ length: this.#freeTurns }, () => new SharedArrayBuffer(BATCH_MEMORY_BYTES))
    this.#freeMemories = [...this.#memories.keys()]
    this.#pool = new WorkerPool({
      threads: new SpareThreads(new URL('./ingest-worker.ts', import.meta.url), workers),
      settings: (worker): IngestWorkerData => ({
        key: repository.masterKey,
        packSizeBytes: DEFAULT_PACK_SIZE_BYTES,
        index: indexed.index.handle,
        memories: this.#memories,
        repositoryFolder: localFolder,
        buffers: this.#buffers[worker] ?? createPackBuffers(0, 1),
      }),
      onEvent: (event, worker) => {
        if ('brokenClaim' in event) this.#fail(receivedError(event.brokenClaim))
        else this.#storePack(event, worker)
      },
    })
  }

  /**
   * Verifies and stores frames. The memory of the batch's pieces is freed: nobody may use them afterwards.
   * @throws {EngineError} `data.malformed`, `data.damaged` when one is not what it says.
   */
  take(batch: FrameBatch): Promise<readonly IngestedBlob[]> {
    return this.#inTurn(async () => {
      const isPooled = batch.lengthBytes <= BATCH_MEMORY_BYTES
      const number = isPooled ? this.#freeMemories.pop() : undefined
      const memory = number ?? new SharedArrayBuffer(batch.lengthBytes)
      try {
        const bytes = new Uint8Array(typeof memory === 'number' ? (this.#memories[memory] ?? new SharedArrayBuffer(0)) : memory)
        let offset = 0
        for (const piece of batch.pieces) {
          bytes.set(piece, offset)
          offset += piece.length
          giveBack(piece)
        }
        const frames = (await this.#pool.run({ kind: 'frames', memory, lengthBytes: batch.lengthBytes })) as readonly VerifiedFrame[]
        for (const frame of frames) if (frame.type === 'tree') await this.#saveTree(bytes, frame)
        return frames
      } finally {
        if (number !== undefined) this.#freeMemories.push(number)
      }
    })
  }

  /**
   * For each of the blobs, which the repository must have, whether the proof is HMAC-SHA-256 of its plaintext under the nonce, and what it
   * names if it is a tree.
   */
  async check(nonce: Uint8Array, claim: ProofClaim): Promise<readonly CheckedProof[]> {
    const checked: CheckedProof[] = []
    for (const { blobs, from } of this.#groups(claim.blobs)) {
      const proofs = claim.proofs.slice(from * PROOF_BYTES, (from + blobs.length) * PROOF_BYTES)
      const answer = await this.#inTurn(async () => {
        const claimed = await Promise.all(blobs.map((blob) => this.#claimed(blob)))
        return (await this.#pool.run({ kind: 'proofs', nonce, blobs: claimed, proofs })) as readonly CheckedProof[]
      })
      checked.push(...answer)
    }
    return checked
  }

  /** Makes everything durable that was taken so far, and names it in the index. */
  async checkpoint(): Promise<void> {
    try {
      await this.#pool.runOnEach({ kind: 'flush' })
      await Promise.all([...this.#packs])
      if (this.#failure !== undefined) throw this.#failure.error
      await this.#writer.checkpoint()
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  /** Ends the workers at once. */
  async close(): Promise<void> {
    this.#failure ??= { error: new EngineError('operation.cancelled', 'Cannot go on: the repository was closed') }
    await this.#pool.close()
  }

  /** Blobs whose plaintexts may be in memory together. */
  *#groups(blobs: ProofClaim['blobs']): Generator<{ readonly blobs: ProofClaim['blobs']; readonly from: number }> {
    let from = 0
    let sizeBytes = 0
    for (const [position, { type, id }] of blobs.entries()) {
      const place = this.#indexed.index.find(type, id)
      const blobBytes = place === undefined ? 0 : Math.max(place.uncompressedLength, place.length)
      if (position > from && sizeBytes + blobBytes > DATA_BYTES_MAX) {
        yield { blobs: blobs.slice(from, position), from }
        from = position
        sizeBytes = 0
      }
      sizeBytes += blobBytes
    }
    if (from < blobs.length) yield { blobs: blobs.slice(from), from }
  }

  async #inTurn<T>(action: () => Promise<T>): Promise<T> {
    if (this.#freeTurns === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#freeTurns--
    try {
      if (this.#failure !== undefined) throw this.#failure.error
      return await action()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#freeTurns++
      else next()
    }
  }

  async #saveTree(bytes: Uint8Array, frame: VerifiedFrame): Promise<void> {
    const content = bytes.subarray(frame.offset, frame.offset + frame.contentLength)
    const uncompressedLength = frame.isCompressed ? frame.plaintextLength : 0
    try {
      await this.#writer.saveCompressedBlob({ type: 'tree', id: frame.id, uncompressedLength }, content)
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  async #claimed({ type, id }: { readonly type: BlobType; readonly id: BlobId }): Promise<ClaimedBlob> {
    const place = this.#indexed.index.find(type, id)
    const isLocal = this.#indexed.repository.storage.localFolder !== undefined
    if (isLocal && place !== undefined) return { type, id, source: { ...place, id, pack: this.#indexed.packOf(place) } }
    return { type, id, source: await this.#indexed.readBlob(type, id) }
  }

  #storePack(pack: PackFinished, worker: number): void {
    const buffers = this.#buffers[worker]
    const shared = buffers?.buffers[pack.buffer]
    if (buffers === undefined || shared === undefined) return
    const content = new Uint8Array(shared, 0, pack.lengthBytes)
    const stored = this.#writer
      .savePack({ id: pack.id, content, blobs: decodePackHeader(pack.header) }, () => releaseBuffer(buffers, pack.buffer))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#packs.delete(stored))
    this.#packs.add(stored)
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    this.#onFailure(error)
  }
}

/**
 * Frees the memory of a piece at once when the piece is the end of it. What arrives from the network lies in many small memories; left to
 * the garbage collector, which counts them and not the pages behind, they cost a fifth of the server's time. A piece of at least half the
 * size of Node's pool lies outside of it.
 */
function giveBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const isOwn = buffer instanceof ArrayBuffer && byteLength >= Buffer.poolSize / 2
  if (isOwn && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0)
}
