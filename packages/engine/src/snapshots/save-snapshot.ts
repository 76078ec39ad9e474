import type { SnapshotId } from '../format/ids.ts'
import { encodeSnapshot, type Snapshot } from '../format/snapshot.ts'
import type { OpenRepository } from '../repository/open-repository.ts'
import type { CallOptions } from '../storage/storage.ts'

/** How a snapshot is stored. */
export interface SaveSnapshotOptions extends CallOptions {
  /** Told the id before anything is stored, so that it can be noted beforehand; when it rejects, nothing is. */
  readonly onNamed?: ((id: SnapshotId) => Promise<void>) | undefined
}

/** Stores a snapshot and returns its id; it is durable then. Everything it refers to must be durable and in the index before. */
export async function saveSnapshot(repository: OpenRepository, snapshot: Snapshot, options: SaveSnapshotOptions = {}): Promise<SnapshotId> {
  return repository.saveUnpacked('snapshots', encodeSnapshot(snapshot), options)
}

/** Removes a snapshot. Its data stays until a prune. Succeeds if it is gone already. */
export async function removeSnapshot(repository: OpenRepository, id: SnapshotId, options: CallOptions = {}): Promise<void> {
  await repository.removeFile('snapshots', id, options)
}
