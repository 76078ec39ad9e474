import { type Clock, secureRandom } from '@holdfast/engine'
import type { Logger } from 'pino'
import type { Settings } from './config/settings.ts'
import type { Database } from './db/database.ts'
import { ServerError } from './errors.ts'
import { Accounts } from './features/accounts/accounts.ts'
import { AccountStore } from './features/accounts/store.ts'
import { Audit } from './features/audit/audit.ts'
import { AuditStore } from './features/audit/store.ts'
import { Metrics } from './features/metrics/metrics.ts'
import { MetricsStore } from './features/metrics/store.ts'
import { ChannelList } from './features/notifications/channel-list.ts'
import { Notifier } from './features/notifications/notifier.ts'
import { NotificationStore } from './features/notifications/store.ts'
import { InheritedSettings } from './features/plans/inherited-settings.ts'
import { type PlanClients, Plans } from './features/plans/plans.ts'
import { PlanStore } from './features/plans/store.ts'
import { AgentRuns } from './features/runs/agent-runs.ts'
import { RunDispatch } from './features/runs/run-dispatch.ts'
import { RunFeed } from './features/runs/run-feed.ts'
import { RunLifecycle } from './features/runs/run-lifecycle.ts'
import { RunOrders } from './features/runs/run-orders.ts'
import { RunSweeper } from './features/runs/run-sweeper.ts'
import { LiveProgress } from './features/runs/run-view.ts'
import { RunWatch } from './features/runs/run-watch.ts'
import { Runs } from './features/runs/runs.ts'
import { ServerRunner } from './features/runs/server-runner.ts'
import { RunStore } from './features/runs/store.ts'
import { WorkBell } from './features/runs/work-bell.ts'
import { Scheduler } from './features/scheduling/scheduler.ts'
import { FileSearch } from './features/search/file-search.ts'
import { IndexStore } from './features/search/index-store.ts'
import { Indexer } from './features/search/indexer.ts'
import { SearchStore } from './features/search/store.ts'
import { FolderCache } from './features/snapshots/folder-cache.ts'
import type { SnapshotRepositories } from './features/snapshots/repositories.ts'
import { SnapshotFiles } from './features/snapshots/snapshot-files.ts'
import { Snapshots } from './features/snapshots/snapshots.ts'
import { SnapshotStore } from './features/snapshots/store.ts'
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

/** Plans, and everything that comes of them. */
export interface RunServices {
  readonly runs: Runs
  readonly agentRuns: AgentRuns
  readonly bell: WorkBell
  readonly watch: RunWatch
  /** Carries out the runs of the built-in client, once it is started with an executor. */
  readonly serverRunner: ServerRunner
  readonly sweeper: RunSweeper
  readonly plans: Plans
  readonly scheduler: Scheduler
}

/** What is made of snapshots. */
export interface SnapshotServices {
  readonly snapshots: Snapshots
  readonly snapshotFiles: SnapshotFiles
  readonly fileSearch: FileSearch
  readonly indexer: Indexer
}

/** The services of all features, made once and given to the routes. */
export interface Services extends RunServices, SnapshotServices {
  readonly audit: Audit
  readonly accounts: Accounts
  readonly channels: ChannelList
  readonly notifier: Notifier
  readonly metrics: Metrics
  readonly metricsStore: MetricsStore
  /** Started in this order, stopped in the opposite one. */
  readonly background: readonly BackgroundWork[]
}

/** Puts the services together: the only place that knows which needs which. */
export function composeServices({ settings, database, clock, secrets, logger }: Foundations): Services {
  const { queries } = database
  const audit = new Audit(new AuditStore(queries), clock)
  const accounts = new Accounts({ store: new AccountStore(queries), audit, clock })
  const channelStore = new NotificationStore(queries)
  const channels = new ChannelList({ store: channelStore, secrets, audit, clock })
  const notifier = new Notifier({
    store: channelStore,
    clock,
    publicUrl: settings.publicUrl,
    configOf: (channel) => channels.configOf(channel),
    ...(logger === undefined ? {} : { logger }),
  })
  const metricsStore = new MetricsStore(queries)
  const metrics = new Metrics({ store: metricsStore, clock })
  const runServices = composeRuns({ database, clock }, audit)
  const { sweeper, scheduler } = runServices
  const snapshotServices = composeSnapshots({
    database,
    clock,
    audit,
    repositories: noRepositories,
    ...(logger === undefined ? {} : { logger }),
  })
  return {
    audit,
    accounts,
    metrics,
    metricsStore,
    channels,
    notifier,
    ...runServices,
    ...snapshotServices,
    background: [notifier, sweeper, scheduler, snapshotServices.indexer],
  }
}

function composeRuns({ database, clock }: Pick<Foundations, 'database' | 'clock'>, audit: Audit): RunServices {
  const processId = secureRandom(8).toString('hex')
  const store = new RunStore(database.queries)
  const planStore = new PlanStore(database.queries)
  const clients: PlanClients = new InheritedSettings(planStore)
  const live = new LiveProgress()
  const feed = new RunFeed({ store, live, clock, isShared: database.kind === 'postgres' })
  const bell = new WorkBell(store, clock)
  const lifecycle = new RunLifecycle({ store, clock, feed, bell, live })
  const runs = new Runs({ store, lifecycle, live, audit, clock, processId })
  const plans = new Plans({ store: planStore, clients, runs, audit, clock })
  const orders = new RunOrders({ plans, clients })
  const dispatch = new RunDispatch({ store, lifecycle, orders, clock })
  return {
    runs,
    plans,
    bell,
    agentRuns: new AgentRuns({ store, lifecycle, dispatch, bell, clock }),
    watch: new RunWatch({ store, feed, live, clock }),
    serverRunner: new ServerRunner({ store, lifecycle, dispatch, clock, processId }),
    sweeper: new RunSweeper({ store, lifecycle, clock }),
    scheduler: new Scheduler({
      store: planStore,
      plans,
      clock,
      runs: { find: (id) => store.find(id), created: (run) => lifecycle.created(run) },
    }),
  }
}

export interface SnapshotParts extends Pick<Foundations, 'database' | 'clock' | 'logger'> {
  readonly audit: Audit
  readonly repositories: SnapshotRepositories
}

/** Puts together what shows, searches and changes snapshots. */
export function composeSnapshots({ database, clock, logger, audit, repositories }: SnapshotParts): SnapshotServices {
  const indexStore = new IndexStore(database)
  const indexer = new Indexer({
    store: indexStore,
    clock,
    repositories,
    exclusively: (action) => action(new AbortController().signal),
    onFailure: ({ snapshotId, error }) => logger?.warn({ err: error, snapshotId }, 'a snapshot could not be taken into the index of files'),
  })
  const snapshots = new Snapshots({
    store: new SnapshotStore(database.queries),
    repositories,
    audit,
    index: { lostWith: (id) => indexer.lostWith(id), wake: () => indexer.wake() },
  })
  const snapshotFiles = new SnapshotFiles({ snapshots, repositories, folders: new FolderCache() })
  const fileSearch = new FileSearch({ store: new SearchStore(database.queries, database.kind), clock })
  return { snapshots, snapshotFiles, fileSearch, indexer }
}

const noRepositories: SnapshotRepositories = {
  read: () => Promise.reject(new ServerError('server.unavailable', 'Cannot read the repository: repositories are not served yet')),
  alter: () => Promise.reject(new ServerError('server.unavailable', 'Cannot change the repository: repositories are not served yet')),
}
