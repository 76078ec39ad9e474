import type { Clock } from '@holdfast/engine'
import type { Logger } from 'pino'
import type { Settings } from './config/settings.ts'
import type { Database } from './db/database.ts'
import { Accounts } from './features/accounts/accounts.ts'
import { AccountStore } from './features/accounts/store.ts'
import { Audit } from './features/audit/audit.ts'
import { AuditStore } from './features/audit/store.ts'
import { Metrics } from './features/metrics/metrics.ts'
import { MetricsStore } from './features/metrics/store.ts'
import { ChannelList } from './features/notifications/channel-list.ts'
import { Notifier } from './features/notifications/notifier.ts'
import { NotificationStore } from './features/notifications/store.ts'
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
export interface Services {
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
  return { audit, accounts, metrics, metricsStore, channels, notifier, background: [notifier] }
}
