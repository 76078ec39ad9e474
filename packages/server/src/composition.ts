import { type Clock, secureRandom } from '@holdfast/engine'
import type { Logger } from 'pino'
import { type BackupServiceServices, composeBackupService } from './ancestors/backup-service/composition.ts'
import { KeptVersionsStore } from './ancestors/backup-service/kept-versions/store.ts'
import type { Settings } from './config/settings.ts'
import type { Database } from './db/database.ts'
import { Leases } from './db/leases.ts'
import { ServerFacts } from './features/about/service.ts'
import { AboutStore } from './features/about/store.ts'
import { Tools } from './features/about/tools.ts'
import { type AccountServices, composeAccounts } from './features/accounts/composition.ts'
import type { Audit } from './features/audit/audit.ts'
import { AgentTokenStore } from './features/clients/agent-token-store.ts'
import { AgentTokens } from './features/clients/agent-tokens.ts'
import { ClientLogs } from './features/clients/client-logs.ts'
import { Clients } from './features/clients/clients.ts'
import { Enrolments } from './features/clients/enrolment.ts'
import { ClientListStore } from './features/clients/list-store.ts'
import { ClientStore } from './features/clients/store.ts'
import { composeMaintenance, type MaintenanceServices } from './features/maintenance/composition.ts'
import { Metrics } from './features/metrics/metrics.ts'
import { MetricsStore } from './features/metrics/store.ts'
import { ChannelList } from './features/notifications/channel-list.ts'
import { Notifier } from './features/notifications/notifier.ts'
import { NotificationStore } from './features/notifications/store.ts'
import { tellOfEvents } from './features/notifications/tell-of-events.ts'
import { Overviews } from './features/overview/service.ts'
import { OverviewStore } from './features/overview/store.ts'
import { composeQuestions, type QuestionServices } from './features/questions/composition.ts'
import { QuestionStore } from './features/questions/store.ts'
import { Repositories } from './features/repositories/repositories.ts'
import { RepositoryAccess } from './features/repositories/repository-access.ts'
import { RepositoryHosts } from './features/repositories/repository-host.ts'
import { RepositoryStore } from './features/repositories/store.ts'
import { Restores } from './features/restores/restores.ts'
import { composeRuns, type RunServices } from './features/runs/composition.ts'
import { FileSearch } from './features/search/file-search.ts'
import { IndexStore } from './features/search/index-store.ts'
import { Indexer } from './features/search/indexer.ts'
import { SearchStore } from './features/search/store.ts'
import { composeSetup, type SetupServices } from './features/setup/composition.ts'
import { FolderCache } from './features/snapshots/folder-cache.ts'
import type { SnapshotRepositories } from './features/snapshots/repositories.ts'
import { SnapshotFiles } from './features/snapshots/snapshot-files.ts'
import { Snapshots } from './features/snapshots/snapshots.ts'
import { SnapshotStore } from './features/snapshots/store.ts'
import { RoomStore } from './features/uploads/room-store.ts'
import { UploadStore } from './features/uploads/store.ts'
import { UploadWriters } from './features/uploads/upload-writers.ts'
import { Uploads } from './features/uploads/uploads.ts'
import { Forwarder } from './http/forward.ts'
import { composeRestEndpoint, type RestEndpointServices } from './rest-endpoint/composition.ts'
import type { SecretBox } from './secrets/secret-box.ts'

/** What the server stands on. */
export interface Foundations {
  readonly settings: Settings
  readonly database: Database
  readonly clock: Clock
  readonly secrets: SecretBox
  /** Where log lines go; nowhere when it is not given. */
  readonly logger?: Logger
}

/** Something that works beside the requests. */
export interface BackgroundWork {
  /** Begins; called once the server listens. */
  start(): void
  /** Ends in good order. Safe to call without `start`. */
  stop(): Promise<void>
}

/** The services of all features, made once and given to the routes. */
export interface Services
  extends BackupServiceServices,
    AccountServices,
    RunServices,
    QuestionServices,
    SetupServices,
    SnapshotServices,
    RestEndpointServices,
    MaintenanceServices {
  readonly clients: Clients
  readonly clientStore: ClientStore
  readonly enrolments: Enrolments
  readonly agentTokens: AgentTokens
  readonly clientLogs: ClientLogs
  readonly repositories: Repositories
  readonly uploads: Uploads
  readonly restores: Restores
  readonly writers: UploadWriters
  readonly forwarder: Forwarder
  readonly channels: ChannelList
  readonly notifier: Notifier
  readonly metrics: Metrics
  readonly metricsStore: MetricsStore
  readonly overviews: Overviews
  readonly serverFacts: ServerFacts
  /** Started in this order, stopped in the opposite one. */
  readonly background: readonly BackgroundWork[]
}

/** What is made of snapshots. */
export interface SnapshotServices {
  readonly snapshots: Snapshots
  readonly snapshotStore: SnapshotStore
  readonly snapshotFiles: SnapshotFiles
  readonly fileSearch: FileSearch
  readonly indexer: Indexer
}

/** Requests were let finish before: nothing should be under way any more. */
const CLOSE_GRACE_MS = 5000

/** Puts the services together: the only place that knows which needs which. */
export function composeServices(foundations: Foundations): Services {
  const { settings, database, clock } = foundations
  const { queries } = database
  const accountServices = composeAccounts(foundations)
  const { audit, accounts } = accountServices
  const clientStore = new ClientStore(queries)
  const clientLists = new ClientListStore(queries)
  const clients = new Clients({ store: clientStore, lists: clientLists, audit, clock })
  accounts.onDisabledChanged((userId) => clients.ownerChanged(userId))
  const tokenStore = new AgentTokenStore(queries)
  const enrolments = new Enrolments({
    ...{ store: clientStore, tokens: tokenStore, clients, accounts, audit, clock },
    publicUrl: settings.publicUrl,
  })
  const agentTokens = new AgentTokens({
    ...{ store: tokenStore, clientStore, clients, audit, clock },
    rotationDays: settings.agentTokenDays,
  })
  const questionStore = new QuestionStore(database)
  const processId = secureRandom(6).toString('hex')
  const runServices = composeRuns({ database, clock, audit, clients, processId, otherWork: [questionStore] })
  const questionServices = composeQuestions({ database, clock, bell: runServices.bell, questionStore })
  const repositoryParts = composeRepositories(foundations, audit)
  const { repositories, hosts } = repositoryParts
  const uploads = new Uploads({ hosts, store: new UploadStore(queries), rooms: new RoomStore(queries), clock })
  const isShared = database.kind === 'postgres'
  const writers = new UploadWriters({ leases: isShared ? new Leases(queries, clock) : undefined, clock })
  const snapshotServices = composeSnapshots({ ...foundations, audit, repositories })
  const notifications = composeNotifications(foundations, audit)
  const maintenanceServices = composeMaintenance({
    ...foundations,
    ...runServices,
    ...snapshotServices,
    audit,
    clients,
    repositories,
    writers,
    heldSnapshots: (repositoryId) => new KeptVersionsStore(queries).heldSnapshots(repositoryId),
  })
  const metricsStore = new MetricsStore(queries)
  const restServices = composeRestEndpoint({ ...foundations, ...snapshotServices, audit, clients, repositories })
  const services = {
    ...accountServices,
    ...runServices,
    ...questionServices,
    ...snapshotServices,
    ...restServices,
    ...maintenanceServices,
    ...notifications,
    ...{ clients, clientStore, enrolments, agentTokens, repositories, uploads, metricsStore },
    writers,
    forwarder: new Forwarder(foundations),
    restores: new Restores({ ...runServices, ...snapshotServices, clients, repositories, audit, clock }),
    clientLogs: new ClientLogs(clientStore),
    metrics: new Metrics({ store: metricsStore, clock }),
    overviews: new Overviews({ store: new OverviewStore(queries), clientLists, repositories, clock }),
    serverFacts: new ServerFacts({ store: new AboutStore(database), tools: new Tools(clock), clock, dataFolder: settings.data }),
  }
  const backupServices = composeBackupService({ ...foundations, ...services })
  const setupServices = composeSetup({ ...foundations, ...services })
  tellOfEvents(services, clock)
  const composed = { ...services, ...backupServices, ...setupServices }
  return { ...composed, background: backgroundOf(composed, repositoryParts) }
}

/** Started in this order, stopped in the opposite one. */
function backgroundOf(services: Omit<Services, 'background'>, repositories: { close(): Promise<void> }): readonly BackgroundWork[] {
  const { writers, uploads } = services
  const ending = { start: () => undefined, stop: () => writers.stop().finally(() => uploads.close()) }
  return [
    { start: () => undefined, stop: () => repositories.close() },
    services.gatherer,
    services.serviceRetention,
    services.accountUpkeep,
    services.notifier,
    services.indexer,
    services.restBackground,
    ending,
    services.keeper,
    services.sweeper,
    services.questions,
    services.scheduler,
  ]
}

function composeRepositories(
  { settings, database, clock, secrets }: Foundations,
  audit: Audit,
): { readonly repositories: Repositories; readonly hosts: RepositoryHosts; close(): Promise<void> } {
  const access = new RepositoryAccess(secrets)
  const store = new RepositoryStore(database.queries)
  const hosts = new RepositoryHosts({ open: (id) => repositories.open(id), clock })
  const repositories = new Repositories({ store, access, hosts, audit, clock, settings })
  const close = async (): Promise<void> => {
    await hosts.close({ graceMs: CLOSE_GRACE_MS })
    await repositories.close()
  }
  return { repositories, hosts, close }
}

interface SnapshotParts extends Pick<Foundations, 'database' | 'clock' | 'logger'> {
  readonly audit: Audit
  readonly repositories: SnapshotRepositories
}

/** Puts together what shows, searches and changes snapshots. */
function composeSnapshots({ database, clock, logger, audit, repositories }: SnapshotParts): SnapshotServices {
  const leases = new Leases(database.queries, clock)
  const indexStore = new IndexStore(database)
  const indexer = new Indexer({
    store: indexStore,
    clock,
    repositories,
    exclusively: (action) => leases.exclusively('search-index', action),
    onFailure: ({ snapshotId, error }) => logger?.warn({ err: error, snapshotId }, 'a snapshot could not be taken into the index of files'),
  })
  const snapshotStore = new SnapshotStore(database.queries)
  const snapshots = new Snapshots({
    store: snapshotStore,
    repositories,
    audit,
    index: { lostWith: (id) => indexer.lostWith(id), wake: () => indexer.wake() },
  })
  const snapshotFiles = new SnapshotFiles({ snapshots, repositories, folders: new FolderCache() })
  const fileSearch = new FileSearch({ store: new SearchStore(database.queries, database.kind), clock })
  return { snapshots, snapshotStore, snapshotFiles, fileSearch, indexer }
}

function composeNotifications(
  { settings, database, clock, secrets, logger }: Foundations,
  audit: Audit,
): { readonly channels: ChannelList; readonly notifier: Notifier } {
  const store = new NotificationStore(database.queries)
  const channels = new ChannelList({ store, secrets, audit, clock })
  const notifier = new Notifier({
    store,
    clock,
    publicUrl: settings.publicUrl,
    configOf: (channel) => channels.configOf(channel),
    ...(logger === undefined ? {} : { logger }),
  })
  return { channels, notifier }
}
