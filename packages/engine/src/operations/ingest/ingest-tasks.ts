import type { SealingKey } from '../../crypto/sealer.ts'
import type { BlobId } from '../../format/ids.ts'
import type { BlobType } from '../../format/pack-header.ts'
import type { BlobIndexHandle } from '../../repository/blob-index.ts'
import type { BrokenClaim, LocalBlob, PackFinished } from '../backup/backup-tasks.ts'
import type { PackBufferHandle } from '../backup/pack-buffers.ts'

/** What a worker is started with that stores what clients send. */
export interface IngestWorkerData {
  readonly key: SealingKey
  readonly packSizeBytes: number
  readonly index: BlobIndexHandle
  /** The repository's folder when it is on this machine. */
  readonly repositoryFolder: string | undefined
  readonly buffers: PackBufferHandle
  /** In which frames lie. */
  readonly memories: readonly SharedArrayBuffer[]
}

/** Verifies whole frames that lie in shared memory, and stores those of data. */
export interface FramesTask {
  readonly kind: 'frames'
  /** One of the memories that the worker has, by its number: each memory that is posted counts as new to the garbage collector. */
  readonly memory: number | SharedArrayBuffer
  readonly lengthBytes: number
}

/** A blob of which a client says that it has it. */
export interface ClaimedBlob {
  readonly type: BlobType
  readonly id: BlobId
  /** The blob itself, or where a worker finds it on this machine. */
  readonly source: Uint8Array | LocalBlob
}

/** Compares what a client has computed from blobs with what comes of the blobs in the repository. */
export interface ProofsTask {
  readonly kind: 'proofs'
  readonly nonce: Uint8Array
  readonly blobs: readonly ClaimedBlob[]
  /** 32 bytes for each blob. */
  readonly proofs: Uint8Array
}

/** Closes the worker's open pack. */
export interface FlushTask {
  readonly kind: 'flush'
}

export type IngestTask = FramesTask | ProofsTask | FlushTask

/** A frame that was verified. */
export interface VerifiedFrame {
  readonly type: BlobType
  readonly id: BlobId
  readonly isCompressed: boolean
  readonly plaintextLength: number
  /** Where its content is in the memory of the task. */
  readonly offset: number
  readonly contentLength: number
  /** The names of the blobs that a tree names, as in `blob-frames.ts`. */
  readonly references: Uint8Array | undefined
}

/** For each blob of a task whether it was shown, and what a tree names. */
export interface CheckedProof {
  readonly isProven: boolean
  readonly references: Uint8Array | undefined
}

export type IngestAnswer = readonly VerifiedFrame[] | readonly CheckedProof[] | undefined
export type IngestEvent = PackFinished | BrokenClaim
