import type { Clock, OpenRepository } from '@holdfast/engine'
import type { RepositoryStatisticsView } from '@holdfast/protocol'
import type { RegisterSync, SyncResult } from './register-sync.ts'
import { countRepository } from './statistics.ts'
import type { MaintenanceStore } from './store.ts'

/** How much room a repository has. */
export interface RepositorySpace {
  readonly repositoryId: number
  readonly freeBytes: number
  readonly capacityBytes: number
  readonly isLow: boolean
}

/** Told of the room of a repository each time it was looked at. Failures are the listener's own affair. */
export type SpaceListener = (space: RepositorySpace) => void | Promise<void>

export interface RefreshTaskOptions {
  readonly store: MaintenanceStore
  readonly sync: RegisterSync
  readonly clock: Clock
  /** The index of files: told when snapshots have come or gone. */
  readonly index: { wake(): void }
}

/** Brings what the server knows of a repository up to date: its snapshots, how much it holds, how much room is left. */
export class RefreshTask {
  readonly #options: RefreshTaskOptions
  readonly #listeners: SpaceListener[] = []

  constructor(options: RefreshTaskOptions) {
    this.#options = options
  }

  onSpace(listener: SpaceListener): void {
    this.#listeners.push(listener)
  }

  /** @throws {EngineError} `storage.*`, `data.*` of the index */
  async carryOut(
    repositoryId: number,
    {
      repository,
      lowSpacePercent,
      signal,
    }: { readonly repository: OpenRepository; readonly lowSpacePercent: number; readonly signal: AbortSignal },
  ): Promise<SyncResult> {
    const { store, sync, clock, index } = this.#options
    const result = await sync.carryOut(repositoryId, { repository, signal })
    if (result.added + result.removed > 0) index.wake()
    const indexed = await repository.loadIndex({ signal })
    const statistics = await countRepository(indexed, { repositoryId, store, now: clock.now(), signal })
    await store.setStatistics(repositoryId, statistics)
    await this.#tellOfSpace(repositoryId, { ...statistics, lowSpacePercent })
    return result
  }

  async #tellOfSpace(
    repositoryId: number,
    { freeBytes, capacityBytes, lowSpacePercent }: RepositoryStatisticsView & { readonly lowSpacePercent: number },
  ): Promise<void> {
    if (freeBytes === null || capacityBytes === null) return
    const isLow = freeBytes < (capacityBytes * lowSpacePercent) / 100
    for (const listener of this.#listeners) await listener({ repositoryId, freeBytes, capacityBytes, isLow })
  }
}
