import {
  type Clock,
  executeForget,
  executePrune,
  type IndexedRepository,
  loadSnapshots,
  type OpenRepository,
  type PruneStatistics,
  planForgetOf,
  planPrune,
  type SnapshotId,
  type StoredSnapshot,
} from '@holdfast/engine'
import type { PlanDefinition, Retention, RunStatistics } from '@holdfast/protocol'
import type { RunHandle } from '../runs/run-handle.ts'
import { calendarOf, expiredSnapshots, isPartial, type JudgedSnapshot, sourceOf } from './retention.ts'
import type { MaintenanceStore, OwnedSnapshot } from './store.ts'

/** What pruning needs to know of clients. */
export interface PruneClients {
  /** What counts on a client for one of its plans. */
  effective(clientId: number, definition: PlanDefinition | undefined): Promise<{ readonly retention: Retention | null }>
}

export interface PruneTaskOptions {
  readonly store: Pick<MaintenanceStore, 'ownedSnapshots' | 'beginForgetting' | 'endForgetting' | 'removeSnapshots'>
  readonly clients: PruneClients
  /** The register's rows of snapshots that have a retention of their own: these are left to that. */
  readonly heldSnapshots: (repositoryId: number) => Promise<ReadonlySet<number>>
  readonly clock: Clock
}

/** One prune of one repository. */
export interface PruneJob {
  readonly repositoryId: number
  readonly maxUnusedPercent: number
  /** Whether it only says what would go. */
  readonly dryRun: boolean
  readonly run: Pick<RunHandle, 'log' | 'progress'>
  readonly signal: AbortSignal
}

interface OwnSnapshot extends JudgedSnapshot {
  readonly row: OwnedSnapshot
}

/** Forgets the snapshots of a repository that retention does not keep, then removes what nobody needs. */
export class PruneTask {
  readonly #options: PruneTaskOptions

  constructor(options: PruneTaskOptions) {
    this.#options = options
  }

  /**
   * Does it. The caller holds an exclusive lock.
   * @throws {EngineError} `data.*` when something that is used is damaged: nothing is removed then but snapshots; `storage.*`
   */
  async carryOut(repository: OpenRepository, job: PruneJob): Promise<RunStatistics> {
    const { signal, run } = job
    const onBroken = (id: SnapshotId, error: Error): void =>
      run.log('warning', `Snapshot ${id.slice(0, 8)} is left alone: ${error.message}`)
    const stored = await loadSnapshots(repository, { signal, onBroken })
    const indexed = await repository.loadIndex({ signal })
    const expired = await this.#expired(job, goodOnes(stored, indexed))
    const forgotten = await this.#forget(repository, expired, job)
    const { bytes, packs } = await prune(indexed, { ...job, forgotten })
    const verb = job.dryRun ? 'would be' : 'were'
    run.log('info', `${forgotten.size} snapshots ${verb} forgotten, ${bytes.removeTotal} bytes in ${packs.removeTotal} packs removed`)
    return {
      other: {
        snapshotsForgotten: forgotten.size,
        packsRemoved: packs.removeTotal,
        packsRewritten: packs.repack,
        bytesFreed: bytes.removeTotal,
        bytesKept: bytes.remaining,
      },
    }
  }

  /** Of the snapshots of each source, those that retention does not keep. Those of nobody's client stay. */
  async #expired({ repositoryId }: PruneJob, good: ReadonlyMap<string, StoredSnapshot>): Promise<readonly OwnSnapshot[]> {
    const { store, clients, heldSnapshots, clock } = this.#options
    const held = await heldSnapshots(repositoryId)
    const own = (await store.ownedSnapshots(repositoryId)).flatMap((row): OwnSnapshot[] => {
      const stored = good.get(row.snapshot_id)
      return stored === undefined || held.has(row.id)
        ? []
        : [{ row, stored, isPinned: row.is_pinned === 1, isPartial: isPartial(row.run_statistics) }]
    })
    const expired: OwnSnapshot[] = []
    for (const source of Map.groupBy(own, sourceOfOwn).values()) {
      const [{ row } = { row: undefined }] = source
      if (row === undefined) continue
      const definition = row.plan_definition === null ? undefined : (JSON.parse(row.plan_definition) as PlanDefinition)
      const { retention } = await clients.effective(row.client_id, definition)
      expired.push(...expiredSnapshots(source, { retention, clock, timeZone: calendarOf(definition) }))
    }
    return expired
  }

  async #forget(repository: OpenRepository, expired: readonly OwnSnapshot[], job: PruneJob): Promise<ReadonlySet<SnapshotId>> {
    for (const { stored } of expired) {
      const what = `${stored.time} (${stored.hostname}, ${stored.paths.join(', ')})`
      job.run.log('info', `Snapshot ${stored.id.slice(0, 8)} of ${what} has expired`)
    }
    if (job.dryRun) return new Set(expired.map(({ stored }) => stored.id))
    const { store } = this.#options
    try {
      const leaving = await store.beginForgetting(expired.map(({ row }) => row.id))
      return await this.#remove(
        repository,
        expired.filter(({ row }) => leaving.has(row.id)),
        job,
      )
    } finally {
      await store.endForgetting(job.repositoryId)
    }
  }

  async #remove(repository: OpenRepository, leaving: readonly OwnSnapshot[], job: PruneJob): Promise<ReadonlySet<SnapshotId>> {
    const { repositoryId, run, signal } = job
    const plan = planForgetOf(leaving.map(({ stored }) => stored))
    const gone: SnapshotId[] = []
    try {
      const { failed } = await executeForget(repository, plan, { signal, onRemoved: (id) => void gone.push(id) })
      for (const [id, error] of failed) run.log('warning', `Snapshot ${id.slice(0, 8)} could not be removed: ${error.message}`)
    } finally {
      await this.#options.store.removeSnapshots(repositoryId, gone)
    }
    return new Set(gone)
  }
}

async function prune(
  indexed: IndexedRepository,
  { maxUnusedPercent, dryRun, forgotten, run, signal }: PruneJob & { readonly forgotten: ReadonlySet<SnapshotId> },
): Promise<PruneStatistics> {
  const onProgress = ({ step, done, total }: { readonly step: string; readonly done: number; readonly total?: number }): void =>
    run.progress({
      ...{ phase: step, doneFiles: done, totalFiles: total ?? null, doneBytes: 0, totalBytes: null },
      ...{ currentItem: null, errorCount: 0 },
    })
  const plan = await planPrune(indexed, {
    signal,
    onProgress,
    maxUnused: { percent: maxUnusedPercent },
    ...(dryRun ? { ignoredSnapshots: forgotten } : {}),
  })
  if (dryRun) return plan.statistics
  const { notRemoved } = await executePrune(plan, { signal, onProgress })
  for (const [id, reason] of notRemoved) run.log('warning', `Pack ${id.slice(0, 8)} could not be removed: ${reason}`)
  return plan.statistics
}

/** Snapshots whose data can be found: no other may take the place of one of these. */
function goodOnes(stored: readonly StoredSnapshot[], { index }: IndexedRepository): ReadonlyMap<string, StoredSnapshot> {
  return new Map(stored.filter(({ tree }) => index.has('tree', tree)).map((snapshot) => [snapshot.id, snapshot]))
}

function sourceOfOwn({ row, stored: { hostname, paths } }: OwnSnapshot): string {
  return sourceOf({ clientId: row.client_id, planId: row.plan_id, hostname, paths })
}
