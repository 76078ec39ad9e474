import type { Clock } from '@holdfast/engine'
import {
  type ChangeChannel,
  type Channel,
  type ChannelConfig,
  channelConfigSchema,
  type NewChannel,
  type SummarySchedule,
} from '@holdfast/protocol'
import { Cron } from 'croner'
import { notFound, ServerError } from '../../errors.ts'
import { sees, type UserActor, visibleOwner } from '../../http/actor.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { NotificationStore, StoredChannel } from './store.ts'

const SECRET_FIELDS: ReadonlySet<string> = new Set(['password', 'secret', 'token'])
const PURPOSE = 'notification channel'

export interface ChannelListOptions {
  readonly store: NotificationStore
  readonly secrets: SecretBox
  readonly audit: Audit
  readonly clock: Clock
}

/** The channels that users have set up. */
export class ChannelList {
  readonly #options: ChannelListOptions

  constructor(options: ChannelListOptions) {
    this.#options = options
  }

  async list(actor: UserActor): Promise<Channel[]> {
    return (await this.#options.store.list(visibleOwner(actor))).map((channel) => this.#toChannel(channel))
  }

  async add(actor: UserActor, channel: NewChannel, origin: Origin): Promise<Channel> {
    const { store, audit, clock } = this.#options
    const added = await store.add({
      ...this.#columnsOf(channel),
      owner_id: actor.userId,
      created_at: clock.now(),
      last_sent_at: null,
      last_error: null,
    })
    await audit.record(origin, {
      action: 'channel.created',
      subject: `channel ${added.id}`,
      detail: { name: channel.name, kind: added.kind },
    })
    return this.#toChannel(added)
  }

  /**
   * Replaces a channel. Secrets that are left out stay as they are, empty ones go.
   * @throws {ServerError} `not-found`; `request.invalid` when a secret is missing that there was none of.
   */
  async replace(
    actor: UserActor,
    { id, channel }: { readonly id: number; readonly channel: ChangeChannel },
    origin: Origin,
  ): Promise<Channel> {
    const config = withKeptSecrets(channel.config, this.configOf(await this.visible(actor, id)))
    await this.#options.store.change(id, this.#columnsOf({ ...channel, config }))
    await this.#options.audit.record(origin, { action: 'channel.changed', subject: `channel ${id}`, detail: { name: channel.name } })
    return this.#toChannel(await this.visible(actor, id))
  }

  async remove(actor: UserActor, id: number, origin: Origin): Promise<void> {
    const { name } = await this.visible(actor, id)
    await this.#options.store.remove(id)
    await this.#options.audit.record(origin, { action: 'channel.removed', subject: `channel ${id}`, detail: { name } })
  }

  /** @throws {ServerError} `not-found` for channels of others. */
  async visible(actor: UserActor, id: number): Promise<StoredChannel> {
    const channel = await this.#options.store.find(id)
    if (channel === undefined || !sees(actor, channel.owner_id)) throw notFound(`the channel ${id}`)
    return channel
  }

  /** The configuration with its secrets. Never leaves the server but to the channel's own receiver. */
  configOf({ sealed_config }: StoredChannel): ChannelConfig {
    return JSON.parse(this.#options.secrets.open(sealed_config, PURPOSE)) as ChannelConfig
  }

  #columnsOf({ name, isEnabled, events, summary, config }: NewChannel) {
    return {
      name,
      kind: config.kind,
      is_enabled: isEnabled ? 1 : 0,
      events: JSON.stringify(events),
      summary: summary === null ? null : JSON.stringify(summary),
      next_summary_at: summary === null ? null : nextSummaryAt(summary, this.#options.clock.now()),
      sealed_config: this.#options.secrets.seal(JSON.stringify(config), PURPOSE),
    }
  }

  #toChannel(channel: StoredChannel): Channel {
    const config = Object.entries(this.configOf(channel)).filter(([name]) => !SECRET_FIELDS.has(name) && name !== 'kind')
    return {
      id: channel.id,
      name: channel.name,
      ownerId: channel.owner_id,
      isEnabled: channel.is_enabled === 1,
      events: JSON.parse(channel.events) as Channel['events'],
      summary: channel.summary === null ? null : (JSON.parse(channel.summary) as SummarySchedule),
      kind: channel.kind,
      config: Object.fromEntries(config),
      createdAt: new Date(channel.created_at).toISOString(),
      lastSentAt: channel.last_sent_at === null ? null : new Date(channel.last_sent_at).toISOString(),
      lastError: channel.last_error,
    }
  }
}

/** A configuration that takes the place of another. */
function withKeptSecrets(config: ChangeChannel['config'], former: ChannelConfig): ChannelConfig {
  const kept = former.kind === config.kind ? Object.entries(former).filter(([name]) => SECRET_FIELDS.has(name)) : []
  const merged = Object.entries({ ...Object.fromEntries(kept), ...config })
  const parsed = channelConfigSchema.safeParse(
    Object.fromEntries(merged.filter(([name, value]) => !SECRET_FIELDS.has(name) || value !== '')),
  )
  if (parsed.success) return parsed.data
  throw new ServerError('request.invalid', 'Cannot change the channel: a webhook needs a secret of at least 16 characters')
}

/** When the next summary is due, after `now`: Mondays for weekly ones. @throws {ServerError} `request.invalid` for an unknown zone. */
export function nextSummaryAt({ every, hour, timeZone }: SummarySchedule, now: number): number {
  try {
    const next = new Cron(`0 ${hour} * * ${every === 'day' ? '*' : '1'}`, { timezone: timeZone }).nextRun(new Date(now))
    return next?.getTime() ?? now
  } catch (cause) {
    throw new ServerError('request.invalid', `Cannot use the time zone ${JSON.stringify(timeZone)}: nobody knows it`, { cause })
  }
}
