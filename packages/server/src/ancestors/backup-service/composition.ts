import { join } from 'node:path'
import type { Foundations } from '../../composition.ts'
import { Leases } from '../../db/leases.ts'
import type { Accounts } from '../../features/accounts/accounts.ts'
import type { ApiTokens } from '../../features/accounts/api-tokens.ts'
import type { Sessions } from '../../features/accounts/sessions.ts'
import type { Audit } from '../../features/audit/audit.ts'
import type { AgentTokens } from '../../features/clients/agent-tokens.ts'
import type { ClientLogs } from '../../features/clients/client-logs.ts'
import type { Clients } from '../../features/clients/clients.ts'
import type { Enrolments } from '../../features/clients/enrolment.ts'
import type { ClientStore } from '../../features/clients/store.ts'
import { maintenanceLease } from '../../features/maintenance/keeper.ts'
import type { Plans } from '../../features/plans/plans.ts'
import type { Repositories } from '../../features/repositories/repositories.ts'
import type { AgentRuns } from '../../features/runs/agent-runs.ts'
import type { Runs } from '../../features/runs/runs.ts'
import type { SnapshotFiles } from '../../features/snapshots/snapshot-files.ts'
import type { UploadWriters } from '../../features/uploads/upload-writers.ts'
import type { Uploads } from '../../features/uploads/uploads.ts'
import { kindOfToken } from '../../secrets/tokens.ts'
import { BackupService } from './backup-service.ts'
import { Gatherer } from './gatherer.ts'
import { RegisterRepair } from './kept-versions/register-repair.ts'
import { KeptVersionsStore } from './kept-versions/store.ts'
import { ServiceRetention } from './retention.ts'
import { Spool } from './spool.ts'
import { ServiceStore } from './store.ts'
import { ServiceTasks } from './tasks.ts'

export interface BackupServiceParts extends Pick<Foundations, 'settings' | 'database' | 'clock' | 'logger'> {
  readonly accounts: Accounts
  readonly audit: Audit
  readonly clients: Clients
  readonly clientStore: ClientStore
  readonly clientLogs: ClientLogs
  readonly enrolments: Enrolments
  readonly agentTokens: AgentTokens
  readonly plans: Plans
  readonly runs: Runs
  readonly agentRuns: AgentRuns
  readonly repositories: Repositories
  readonly uploads: Uploads
  readonly writers: UploadWriters
  readonly indexer: { wake(): void }
  readonly snapshotFiles: SnapshotFiles
  readonly sessions: Sessions
  readonly apiTokens: ApiTokens
}

/** The endpoints of the Backup Service and what works behind them. */
export interface BackupServiceServices {
  readonly backupService: BackupService
  readonly gatherer: Gatherer
  readonly serviceRetention: ServiceRetention
}

/** Puts together what clients of the Backup Service need. */
export function composeBackupService(parts: BackupServiceParts): BackupServiceServices {
  const { settings, database, clock, logger, accounts, clients, repositories, uploads, writers } = parts
  const store = new ServiceStore(database.queries)
  const keptVersions = new KeptVersionsStore(database.queries)
  const leases = new Leases(database.queries, clock)
  const spool = new Spool(join(settings.data, 'spool'))
  const onFailure = (error: unknown): void => logger?.warn({ err: error }, 'uploaded files')
  const gatherer = new Gatherer({
    ...{ store, keptVersions, spool, uploads, clock, onFailure },
    async target(clientId) {
      const client = await clients.byId(clientId)
      const { username } = await accounts.get(client.owner_id)
      return { clientId, clientName: client.name, username, repositoryId: (await repositories.ensureDefault()).id }
    },
  })
  const serviceRetention = new ServiceRetention({
    ...{ repositories, clock, onFailure },
    store: keptVersions,
    repair: new RegisterRepair({ store: keptVersions, repositories, onFailure }),
    index: parts.indexer,
    // Whoever takes uploads has the repository open, and is the one that can give it up for a while.
    isOurs: async (repositoryId) => (await writers.writerOf(repositoryId)) === undefined,
    exclusively: (repositoryId, action) => leases.exclusively(maintenanceLease(repositoryId), action),
    retentionOf: async (clientId) => (await clients.effective(clientId, undefined)).retention,
  })
  const backupService = new BackupService({
    ...{ ...parts, store, spool },
    tasks: new ServiceTasks({ ...parts, store }),
    authenticate: (token) => (kindOfToken(token) === 'api' ? parts.apiTokens.actorOf(token) : parts.sessions.actorOf(token)),
  })
  return { backupService, gatherer, serviceRetention }
}
