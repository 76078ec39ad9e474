import type { Clock } from '@holdfast/engine'
import type { Logger } from 'pino'
import type { Database } from '../../db/database.ts'
import { Leases } from '../../db/leases.ts'
import type { Audit } from '../audit/audit.ts'
import type { Repositories } from '../repositories/repositories.ts'
import type { Runs } from '../runs/runs.ts'
import { Keeper } from './keeper.ts'
import { Maintainer } from './maintainer.ts'
import { MaintenanceDesk } from './maintenance.ts'
import { type PruneClients, PruneTask } from './prune-task.ts'
import { RefreshTask } from './refresh-task.ts'
import { RegisterSync } from './register-sync.ts'
import { type PreviewClients, RetentionPreviewer } from './retention-preview.ts'
import { MaintenanceStore } from './store.ts'

/** After a backup its repository is counted anew, but not for each of many. */
const COUNT_AFTER_MS = 60_000

export interface MaintenanceParts {
  readonly database: Database
  readonly clock: Clock
  readonly logger?: Logger
  readonly audit: Audit
  readonly clients: PruneClients & PreviewClients
  readonly repositories: Repositories
  readonly runs: Runs
  /** Which process takes uploads into a repository: undefined for this one. */
  readonly writers: { writerOf(repositoryId: number): Promise<string | undefined> }
  readonly indexer: { wake(): void }
  /** The register's rows of snapshots that have a retention of their own. */
  readonly heldSnapshots: (repositoryId: number) => Promise<ReadonlySet<number>>
}

/** What maintains repositories. */
export interface MaintenanceServices {
  readonly maintenance: MaintenanceDesk
  /** Has it done, from start to stop. */
  readonly keeper: Keeper
  readonly refreshTask: RefreshTask
  readonly retentionPreviewer: RetentionPreviewer
}

/** Puts together what maintains repositories. */
export function composeMaintenance(parts: MaintenanceParts): MaintenanceServices {
  const { database, clock, logger, audit, clients, repositories, runs, writers, indexer } = parts
  const store = new MaintenanceStore(database.queries)
  const leases = new Leases(database.queries, clock)
  const sync = new RegisterSync({
    store,
    onFailure: (failure) => logger?.warn(failure, 'a snapshot could not be taken into the register'),
  })
  const refreshTask = new RefreshTask({ store, sync, clock, index: indexer })
  const pruneTask = new PruneTask({ store, clients, heldSnapshots: parts.heldSnapshots, clock })
  const maintainer = new Maintainer({ store, repositories, runs, pruneTask, refreshTask, index: indexer, audit, clock })
  const keeper = new Keeper({
    store,
    clock,
    exclusively: (name, action) => leases.exclusively(name, action),
    // Whoever takes uploads has the repository open, and is the one that can give it up for a prune.
    isOurs: async ({ kind, repository_id }) => kind !== 'maintenance' || (await writers.writerOf(repository_id)) === undefined,
    carryOut: (task, settings, signal) => maintainer.carryOut(task, settings, signal),
    onFailure: ({ repositoryId, kind, error }) =>
      logger?.warn({ err: error, repositoryId, kind }, 'a repository could not be looked after'),
  })
  runs.onRunEnded(async ({ run }) => {
    if (run.kind !== 'backup' || run.state !== 'finished' || run.repositoryId === null) return
    await store.hasten({ repository_id: run.repositoryId, kind: 'refresh' }, clock.now() + COUNT_AFTER_MS)
  })
  const retentionPreviewer = new RetentionPreviewer({ store, clients, clock })
  return { maintenance: new MaintenanceDesk({ store, repositories, runs, keeper, audit, clock }), keeper, refreshTask, retentionPreviewer }
}
