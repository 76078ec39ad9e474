import type { BlobId, SnapshotId } from '../../format/ids.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { Clock } from '../../host/clock.ts'
import type { Identity } from '../../host/machine.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** The store has the blob, and this client may use it. */
export const HAVE = 0
/** The blob is to be sent. */
export const SEND = 1
/** The store has the blob, and this client is to show that it does too. */
export const PROVE = 2

/** What a store says to a list of blobs. */
export interface StoreAnswer {
  /** 32 bytes, the key of the proofs. Good for each blob of this answer once. */
  readonly nonce: Uint8Array
  /** For each blob {@link HAVE}, {@link SEND} or {@link PROVE}. */
  readonly verdicts: Uint8Array
}

/**
 * A repository behind a server that holds its key: what a backup needs of it. The client cuts, hashes and compresses, and sends what the
 * server asks for, in the clear but for TLS.
 *
 * - Calls may overlap. Each may be repeated until it succeeds, and that is the store's own business: a rejection ends the backup.
 * - Blobs are named by 33 bytes each (`blob-frames.ts`).
 */
export interface RemoteStore {
  readonly location: string
  readonly clock: Clock
  readonly identity: Identity
  /** In the form of a repository's config. */
  readonly chunkerPolynomial: string
  /** What to do about each of these blobs. */
  ask(names: Uint8Array, options?: CallOptions): Promise<StoreAnswer>
  /** Shows that this client has blobs: for each of the names 32 bytes, HMAC-SHA-256 of the plaintext under the nonce of the answer. */
  prove(nonce: Uint8Array, proof: BlobProofs, options?: CallOptions): Promise<void>
  /** Sends frames (`blob-frames.ts`). Keeps no reference to `frames`, which may be a view over a `SharedArrayBuffer`. */
  send(frames: Uint8Array, options?: CallOptions): Promise<void>
  /** A tree of the parent snapshot. @throws {EngineError} `data.missing` where the store does not have it for this client. */
  readTree(id: BlobId, options?: CallOptions): Promise<Uint8Array>
  /** Makes the snapshot: it, and all that it refers to, is durable when this resolves. The store may change what the snapshot says. */
  saveSnapshot(snapshot: Snapshot, options?: CallOptions): Promise<SnapshotId>
}

export interface BlobProofs {
  readonly names: Uint8Array
  readonly proofs: Uint8Array
}
