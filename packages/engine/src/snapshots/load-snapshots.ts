import { type EngineError, isEngineError } from '../errors.ts'
import type { SnapshotId } from '../format/ids.ts'
import { decodeSnapshot, type StoredSnapshot } from '../format/snapshot.ts'
import { type Instant, parseTimestamp } from '../format/timestamp.ts'
import type { OpenRepository } from '../repository/open-repository.ts'
import { TaskQueue } from '../repository/task-queue.ts'
import type { CallOptions } from '../storage/storage.ts'
import { compareInstants } from './calendar.ts'

export interface LoadSnapshotsOptions extends CallOptions {
  /** Told of snapshots that cannot be used, which are left out; when absent the first of them is an error. */
  readonly onBroken?: (id: SnapshotId, error: EngineError) => void
}

/**
 * Every snapshot of a repository, oldest first; those of the same moment by their ids.
 *
 * @throws EngineError `data.damaged`, `data.malformed`, `storage.*`
 */
export async function loadSnapshots(repository: OpenRepository, options: LoadSnapshotsOptions = {}): Promise<StoredSnapshot[]> {
  const { onBroken, ...callOptions } = options
  const loaded: { readonly snapshot: StoredSnapshot; readonly instant: Instant }[] = []
  const queue = new TaskQueue(repository.storage.limits.connections)
  try {
    for await (const { name } of repository.list('snapshots', callOptions)) {
      await queue.add(async () => {
        const id = name as SnapshotId
        try {
          const snapshot = await loadSnapshot(repository, id, callOptions)
          loaded.push({ snapshot, instant: parseTimestamp(snapshot.time) })
        } catch (error) {
          if (onBroken === undefined || !isBroken(error)) throw error
          onBroken(id, error)
        }
      })
    }
  } finally {
    await queue.settle()
  }
  await queue.drain()
  return loaded
    .sort((a, b) => compareInstants(a.instant, b.instant) || (a.snapshot.id < b.snapshot.id ? -1 : 1))
    .map(({ snapshot }) => snapshot)
}

/**
 * One snapshot by its whole id.
 *
 * @throws EngineError `data.damaged`, `data.malformed`, `storage.*`
 */
export async function loadSnapshot(repository: OpenRepository, id: SnapshotId, options: CallOptions = {}): Promise<StoredSnapshot> {
  return decodeSnapshot(await repository.loadUnpacked('snapshots', id, options), id)
}

/** A snapshot that is gone after it was listed is as good as broken: what it referred to may be gone with it. */
function isBroken(error: unknown): error is EngineError {
  return isEngineError(error, 'data.damaged', 'data.malformed', 'repository.too-large', 'storage.not-found')
}
