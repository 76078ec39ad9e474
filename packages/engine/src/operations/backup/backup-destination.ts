import type { CompressionMode } from '../../compression/zstd.ts'
import type { BlobId, SnapshotId } from '../../format/ids.ts'
import type { Tree } from '../../format/node.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { Clock } from '../../host/clock.ts'
import type { Identity } from '../../host/machine.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import type { SavedBlob, WriteOptions } from '../../repository/repository-writer.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { PackStoreSettings, ParentTree, RemoteStoreSettings, StoredCounts, StoreEvent } from './backup-tasks.ts'

/** Where a backup goes: a repository whose key this process holds, or one behind a server. */
export interface BackupDestination {
  readonly clock: Clock
  readonly identity: Identity
  readonly chunkerPolynomial: string
  /** Blobs that need not be stored; workers claim in it what they store. */
  readonly index: BlobIndex
  /** What was found to be new only after it had been handed over; always zero for a repository at hand. */
  readonly laterCounts: { readonly data: StoredCounts; readonly trees: StoredCounts }
  /** What each worker is started with. */
  workerStore(worker: number): PackStoreSettings | RemoteStoreSettings
  /** Does what a worker's event asks for; rejects when the backup cannot succeed any more. */
  receive(event: StoreEvent, worker: number): Promise<void>
  /** A tree of the parent snapshot, for a worker: where it can read the tree by itself, or the tree. */
  parentTree(id: BlobId): Promise<ParentTree>
  readTree(id: BlobId): Promise<Tree>
  saveTree(json: Uint8Array): Promise<SavedBlob>
  /** Runs a backup; everything that it handed over is durable, or on its way to be so before a snapshot is, when this resolves. */
  write<T>(action: () => Promise<T>, options: WriteOptions): Promise<T>
  saveSnapshot(snapshot: Snapshot, options: CallOptions): Promise<SnapshotId>
}

export interface DestinationOptions {
  readonly compression: CompressionMode
  readonly packSizeBytes?: number | undefined
  readonly workers: number
}
