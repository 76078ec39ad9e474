import {
  type Clock,
  isEngineError,
  loadSnapshot,
  type OpenRepository,
  type SnapshotId,
  type StoredSnapshot,
  timestampToMs,
} from '@holdfast/engine'
import { WokenWork } from '../../woken-work.ts'
import type { UploadedSnapshot } from '../uploads/store.ts'
import type { Arrival, ResticAccessStore } from './store.ts'

export interface ArrivalsOptions {
  readonly store: Pick<ResticAccessStore, 'arrivals' | 'removeArrival'>
  readonly repositories: { open(id: number): Promise<OpenRepository> }
  readonly register: {
    addSnapshot(owner: { readonly clientId: number; readonly repositoryId: number }, snapshot: UploadedSnapshot): Promise<void>
  }
  readonly clients: { noteBackup(clientId: number, at: number): Promise<void> }
  readonly clock: Clock
  /** Told when snapshots have come into the register. */
  readonly onRegistered: () => void
  /** Told why a snapshot could not be read. */
  readonly onFailure: (failure: { readonly repositoryId: number; readonly snapshotId: string | undefined; readonly error: unknown }) => void
}

const LOOK_EVERY_MS = 60_000
const ARRIVALS_AT_ONCE = 100
/** A file that was announced but is not there after so long was never written. */
const LOST_AFTER_MS = 60 * 60_000

/**
 * Takes snapshots that came by restic's own protocol into the register, where the server has the repository's key. What has come is noted
 * in the database before the client hears of its success, so none is forgotten when this process ends.
 */
export class ResticArrivals {
  readonly #options: ArrivalsOptions
  readonly #work: WokenWork

  constructor(options: ArrivalsOptions) {
    this.#options = options
    const onFailure = (error: unknown): void => options.onFailure({ repositoryId: 0, snapshotId: undefined, error })
    this.#work = new WokenWork({
      clock: options.clock,
      everyMs: LOOK_EVERY_MS,
      work: (signal) => this.#catchUp(signal).catch(onFailure),
    })
  }

  start(): void {
    this.#work.start()
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  /** Looks soon whether something has come. Before {@link start} nothing happens. */
  wake(): void {
    this.#work.wake()
  }

  /** Looks at all that wait: a repository that cannot be reached now does not keep those of others waiting. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const { store, onFailure } = this.#options
    const unreachable = new Set<number>()
    let last: Arrival | undefined
    do {
      const arrivals = await store.arrivals(ARRIVALS_AT_ONCE, last)
      for (const [repositoryId, ofOne] of Map.groupBy(arrivals, (arrival) => arrival.repositoryId)) {
        if (signal.aborted) return
        if (unreachable.has(repositoryId)) continue
        try {
          await this.#takeIn(repositoryId, ofOne, signal)
        } catch (error) {
          unreachable.add(repositoryId)
          onFailure({ repositoryId, snapshotId: undefined, error })
        }
      }
      last = arrivals.length < ARRIVALS_AT_ONCE ? undefined : arrivals.at(-1)
    } while (last !== undefined)
  }

  async #takeIn(repositoryId: number, arrivals: readonly Arrival[], signal: AbortSignal): Promise<void> {
    const { store, repositories, clients } = this.#options
    const [first] = arrivals
    if (first === undefined) return
    if (!first.hasKey) {
      // Nobody but the client can look into its snapshots: that there was a backup is all that is known.
      for (const arrival of arrivals) {
        await clients.noteBackup(arrival.clientId, arrival.createdAt)
        await store.removeArrival(arrival)
      }
      return
    }
    const repository = await repositories.open(repositoryId)
    try {
      for (const arrival of arrivals) await this.#takeInOne(repository, arrival, signal)
    } finally {
      await repository.storage.close()
    }
    this.#options.onRegistered()
  }

  async #takeInOne(repository: OpenRepository, arrival: Arrival, signal: AbortSignal): Promise<void> {
    const { store, register, clients, clock, onFailure } = this.#options
    const { repositoryId, snapshotId, clientId, createdAt } = arrival
    try {
      const snapshot = await loadSnapshot(repository, snapshotId as SnapshotId, { signal })
      await register.addSnapshot({ clientId, repositoryId }, toRegistered(snapshot, createdAt))
      await clients.noteBackup(clientId, createdAt)
    } catch (error) {
      const isMissing = isEngineError(error, 'storage.not-found')
      // It is still being written, or never will be.
      if (isMissing && clock.now() - createdAt < LOST_AFTER_MS) return
      if (!isMissing && !isEngineError(error, 'data.damaged', 'data.malformed')) throw error
      onFailure({ repositoryId, snapshotId, error })
    }
    await store.removeArrival(arrival)
  }
}

/** No snapshot is younger than its arrival: one of the future would be the newest for ever. */
function toRegistered(snapshot: StoredSnapshot, arrivedAtMs: number): UploadedSnapshot {
  return {
    snapshotId: snapshot.id,
    treeId: snapshot.tree,
    timeMs: Math.min(timestampToMs(snapshot.time), arrivedAtMs),
    hostname: snapshot.hostname ?? '',
    paths: snapshot.paths,
    tags: snapshot.tags ?? [],
    planId: null,
    runId: null,
    sizeBytes: snapshot.summary?.total_bytes_processed ?? null,
    fileCount: snapshot.summary?.total_files_processed ?? null,
    addedBytes: snapshot.summary?.data_added_packed ?? null,
  }
}
