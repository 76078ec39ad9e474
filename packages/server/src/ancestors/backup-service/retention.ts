import { type Clock, type IndexedRepository, messageOf, type OpenRepository } from '@holdfast/engine'
import type { Retention } from '@holdfast/protocol'
import { isServerError } from '../../errors.ts'
import type { SnapshotRepositories } from '../../features/snapshots/repositories.ts'
import { expiredVersions } from './kept-versions/expired-versions.ts'
import { planRebuilds, type Rebuild } from './kept-versions/rebuild-plan.ts'
import { rebuildSnapshot } from './kept-versions/rebuild-snapshot.ts'
import type { RegisterRepair } from './kept-versions/register-repair.ts'
import type { KeptVersionsStore } from './kept-versions/store.ts'

const EVERY_MS = 3_600_000
/** For so long at a time nobody else can use a repository. What is left waits for the next time. */
const WORK_MS = 2 * 60_000
/** How long uploads into a repository are let go on, before they are ended. */
const PATIENCE_MS = 6 * 3_600_000

export interface ServiceRetentionOptions {
  readonly store: KeptVersionsStore
  readonly repositories: Pick<SnapshotRepositories, 'alter'> & { isInUse(repositoryId: number): boolean }
  /** Whether this process, not another one, looks after a repository. */
  readonly isOurs: (repositoryId: number) => Promise<boolean>
  /** Runs `action` unless something else looks after the repository now. */
  readonly exclusively: (repositoryId: number, action: (signal: AbortSignal) => Promise<void>) => Promise<void>
  /** What counts for a client's files where the upload said nothing. */
  readonly retentionOf: (clientId: number) => Promise<Retention | null>
  /** What is put right when the server starts. */
  readonly repair: Pick<RegisterRepair, 'carryOut'>
  /** The index of files: told when snapshots have changed. */
  readonly index: { wake(): void }
  readonly clock: Clock
  readonly onFailure: (error: unknown) => void
}

/** One repository at work. */
interface Work {
  readonly repositoryId: number
  readonly repository: OpenRepository
  readonly signal: AbortSignal
  /** Loaded when it is needed. */
  indexed?: IndexedRepository
}

/**
 * Removes versions of uploaded files that are too old or too many; the newest of each file always stays. Their snapshots are made anew
 * without them, many small ones as one, so that there are never many. The content goes with the next prune. Wherever this is interrupted,
 * no version is lost that stays, and the next time puts things right.
 */
export class ServiceRetention {
  readonly #options: ServiceRetentionOptions
  readonly #waitingSince = new Map<number, number>()
  readonly #stopping = new AbortController()
  #stop: (() => void) | undefined
  #working: Promise<void> | undefined

  constructor(options: ServiceRetentionOptions) {
    this.#options = options
  }

  start(): void {
    this.#working ??= this.#repair()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#working = undefined
      })
    this.#stop ??= this.#options.clock.every(EVERY_MS, () => {
      this.#working ??= this.apply()
        .catch(this.#options.onFailure)
        .finally(() => {
          this.#working = undefined
        })
    })
  }

  async stop(): Promise<void> {
    this.#stop?.()
    this.#stopping.abort(new Error('The server stops'))
    await this.#working
  }

  /** Looks at all clients. */
  async apply(): Promise<void> {
    const { store, onFailure } = this.#options
    for (const [repositoryId, clientIds] of await store.repositories()) {
      await this.#look(repositoryId, clientIds).catch((error: unknown) => {
        // Somebody else is at it.
        if (isServerError(error, 'request.conflict', 'server.unavailable') || this.#stopping.signal.aborted) return
        onFailure(new Error(`Cannot remove old versions in the repository ${repositoryId}: ${messageOf(error)}`, { cause: error }))
      })
    }
  }

  async #repair(): Promise<void> {
    const { repair, index } = this.#options
    if ((await repair.carryOut(this.#stopping.signal)) > 0) index.wake()
  }

  async #look(repositoryId: number, clientIds: readonly number[]): Promise<void> {
    const { repositories, isOurs, exclusively, index } = this.#options
    if (this.#stopping.signal.aborted || !(await this.#hasWork(repositoryId, clientIds)) || !(await isOurs(repositoryId))) return
    if (this.#mustWait(repositoryId)) return
    await exclusively(repositoryId, (lost) =>
      repositories.alter(repositoryId, (repository, unlocked) => {
        const signal = AbortSignal.any([lost, unlocked, this.#stopping.signal])
        return this.#carryOut({ repositoryId, repository, signal }, clientIds)
      }),
    )
    index.wake()
  }

  async #hasWork(repositoryId: number, clientIds: readonly number[]): Promise<boolean> {
    const { store, clock } = this.#options
    if ((await store.leftovers(repositoryId, clock.now())).length > 0) return true
    for (const clientId of clientIds) if ((await this.#plan(clientId, repositoryId)).length > 0) return true
    return false
  }

  #mustWait(repositoryId: number): boolean {
    const { repositories, clock } = this.#options
    const since = this.#waitingSince.get(repositoryId) ?? clock.now()
    if (!repositories.isInUse(repositoryId) || clock.now() - since >= PATIENCE_MS) {
      this.#waitingSince.delete(repositoryId)
      return false
    }
    this.#waitingSince.set(repositoryId, since)
    return true
  }

  async #carryOut(work: Work, clientIds: readonly number[]): Promise<void> {
    const { clock, onFailure } = this.#options
    const until = clock.now() + WORK_MS
    await this.#removeLeftovers(work)
    for (const clientId of clientIds) {
      // Before the lock was had, things may have been others.
      for (const rebuild of await this.#plan(clientId, work.repositoryId)) {
        if (clock.now() > until) break
        work.signal.throwIfAborted()
        await this.#rebuild(work, rebuild).catch((error: unknown) => {
          onFailure(new Error(`Cannot remove old versions of client ${clientId}: ${messageOf(error)}`, { cause: error }))
          // After a write that failed the index in memory is not to be trusted.
          delete work.indexed
        })
      }
    }
    await this.#removeLeftovers(work)
  }

  /** What is to be done to the snapshots of a client; none where that cannot be said. */
  async #plan(clientId: number, repositoryId: number): Promise<readonly Rebuild[]> {
    const { store, retentionOf, clock, onFailure } = this.#options
    try {
      const content = await store.ofClient(clientId, repositoryId)
      const expired = expiredVersions(content.files, { retention: await retentionOf(clientId), now: clock.now() })
      return planRebuilds(content, new Set(expired))
    } catch (error) {
      onFailure(new Error(`Cannot tell old versions of client ${clientId}: ${messageOf(error)}`, { cause: error }))
      return []
    }
  }

  async #rebuild(work: Work, rebuild: Rebuild): Promise<void> {
    const { store, clock, onFailure } = this.#options
    const { repositoryId, repository, signal } = work
    const settle = (former: Rebuild, more: Pick<Parameters<KeptVersionsStore['settle']>[1], 'replacement'> = {}): Promise<void> => {
      const dropped = former.flatMap((content) => content.dropped.map(({ id }) => id))
      return store.settle(
        former.map(({ snapshot }) => snapshot),
        { ...more, dropped, now: clock.now() },
      )
    }
    if (rebuild.every(({ kept }) => kept.length === 0)) return settle(rebuild)
    work.indexed ??= await repository.loadIndex({ signal })
    const rebuilt = await rebuildSnapshot(
      {
        indexed: work.indexed,
        signal,
        announce: (snapshotId) => store.announce({ repositoryId, snapshotId }, clock.now()),
        onUnreadable: ({ id }, error) =>
          onFailure(new Error(`Cannot remove old versions from snapshot ${id}: ${error.message}`, { cause: error })),
      },
      rebuild,
    )
    if (rebuilt !== undefined) await settle(rebuilt.former, { replacement: rebuilt.replacement })
  }

  async #removeLeftovers({ repositoryId, repository, signal }: Work): Promise<void> {
    const { store, clock } = this.#options
    for (const snapshotId of await store.leftovers(repositoryId, clock.now())) {
      await repository.removeFile('snapshots', snapshotId, { signal })
      await store.forgetLeftover({ repositoryId, snapshotId })
    }
  }
}
