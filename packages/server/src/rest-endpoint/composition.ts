import type { Clock, OpenRepository, Storage } from '@holdfast/engine'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { Leases } from '../db/leases.ts'
import type { Audit } from '../features/audit/audit.ts'
import type { Clients } from '../features/clients/clients.ts'
import type { StoredRepository } from '../features/repositories/store.ts'
import { ResticArrivals } from '../features/restic-access/arrivals.ts'
import { ResticAccess } from '../features/restic-access/restic-access.ts'
import { ResticAccessStore } from '../features/restic-access/store.ts'
import { UploadStore } from '../features/uploads/store.ts'
import { RepositoryStorages } from './repository-storages.ts'
import type { RestRoutesOptions } from './rest-routes.ts'

export interface RestEndpointParts {
  readonly database: Database
  readonly clock: Clock
  readonly logger?: Logger
  readonly audit: Audit
  readonly clients: Clients
  readonly repositories: {
    byId(id: number): Promise<StoredRepository>
    open(id: number): Promise<OpenRepository>
    openStorage(repository: StoredRepository): Promise<Storage>
  }
  /** The index of files: told when snapshots have come or gone. */
  readonly indexer: { wake(): void }
}

/** What serves restic's own protocol. */
export interface RestEndpointServices {
  readonly resticAccess: ResticAccess
  /** What the routes need besides. */
  readonly restEndpoint: RestRoutesOptions
  /** Takes in what has come, from start to stop; closes what the routes have opened. */
  readonly restBackground: { start(): void; stop(): Promise<void> }
}

/** Puts together what serves restic's own protocol. */
export function composeRestEndpoint({
  database,
  clock,
  logger,
  audit,
  clients,
  repositories,
  indexer,
}: RestEndpointParts): RestEndpointServices {
  const store = new ResticAccessStore(database.queries)
  const leases = new Leases(database.queries, clock)
  const storages = new RepositoryStorages((repository) => repositories.openStorage(repository))
  const wakeIndexer = (): void => indexer.wake()
  const arrivals = new ResticArrivals({
    store,
    repositories,
    register: new UploadStore(database.queries),
    clients,
    clock,
    onRegistered: wakeIndexer,
    onFailure: ({ repositoryId, snapshotId, error }) =>
      logger?.warn({ err: error, repositoryId, snapshotId }, 'a snapshot that came by restic could not be registered'),
  })
  const onArrival = (): void => arrivals.wake()
  const resticAccess = new ResticAccess({ store, clients, repositories, audit, clock, onArrival, onGone: wakeIndexer })
  const stop = async (): Promise<void> => {
    await arrivals.stop()
    await storages.close()
  }
  return {
    resticAccess,
    restEndpoint: { resticAccess, storages, clock, exclusively: (name, action) => leases.exclusively(name, action) },
    restBackground: { start: () => arrivals.start(), stop },
  }
}
