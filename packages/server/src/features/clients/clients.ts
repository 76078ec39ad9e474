import type { Clock } from '@holdfast/engine'
import {
  type ChangeClient,
  type Client,
  type ClientPage,
  type ClientQuery,
  type ClientSettings,
  clientSettingsSchema,
  type NewClient,
  type PlanDefinition,
  type Retention,
} from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import { sees, type UserActor } from '../../http/actor.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import { type EffectiveSettings, effectiveSettings } from './inheritance.ts'
import type { ClientStore, StoredClient } from './store.ts'

const HOUR_MS = 3_600_000

export interface ClientsOptions {
  readonly store: ClientStore
  readonly audit: Audit
  readonly clock: Clock
}

/** Told of what happens to clients, for those who depend on them. */
export interface ClientListener {
  /** Settings or name have changed, or the client was disabled. */
  changed?(clientId: number): Promise<void>
  added?(client: StoredClient): Promise<void>
}

/** Machines that are backed up. */
export class Clients {
  readonly #options: ClientsOptions
  readonly #listeners: ClientListener[] = []

  constructor(options: ClientsOptions) {
    this.#options = options
  }

  listen(listener: ClientListener): void {
    this.#listeners.push(listener)
  }

  async list(actor: UserActor, { cursor, ownerId, ...query }: ClientQuery): Promise<ClientPage> {
    const owner = actor.role === 'admin' ? ownerId : actor.userId
    if (ownerId !== undefined && ownerId !== owner) return { items: [], next: null }
    const found = await this.#options.store.list({ ...query, ownerId: owner, after: parseCursor(cursor) })
    const last = found.at(-1)
    return { items: found.map((client) => this.toClient(client)), next: found.length === query.limit && last ? String(last.id) : null }
  }

  /** @throws {ServerError} `not-found` for clients of others. */
  async get(actor: UserActor, id: number): Promise<Client> {
    return this.toClient(await this.visible(actor, id))
  }

  /** @throws {ServerError} `not-found` for clients of others. */
  async visible(actor: UserActor, id: number): Promise<StoredClient> {
    const client = await this.#options.store.find({ id })
    if (client === undefined || !sees(actor, client.owner_id)) throw notFound(`the client ${id}`)
    return client
  }

  /** For the server's own work, whoever the client belongs to. @throws {ServerError} `not-found` */
  async byId(id: number): Promise<StoredClient> {
    const client = await this.#options.store.find({ id })
    if (client === undefined) throw notFound(`the client ${id}`)
    return client
  }

  async create(actor: UserActor, client: NewClient, origin: Origin): Promise<Client> {
    const ownerId = client.ownerId ?? actor.userId
    await this.#demandOwner(actor, ownerId)
    demandSameQuota(actor, { before: null, after: client.settings?.quotaBytes })
    return this.toClient(await this.createFor(ownerId, client, origin))
  }

  /** Adds a client of a user. @throws {ServerError} `request.conflict` when the user has one of that name. */
  async createFor(
    ownerId: number,
    { name, settings, isLocal = false }: Pick<NewClient, 'name' | 'settings'> & { isLocal?: boolean },
    origin: Origin,
  ): Promise<StoredClient> {
    const { store, clock, audit } = this.#options
    await this.#demandFreeName(name, ownerId)
    const added = await store.add({
      name,
      owner_id: ownerId,
      token_hash: null,
      is_local: isLocal ? 1 : 0,
      is_disabled: 0,
      hostname: null,
      platform: null,
      version: null,
      settings: JSON.stringify(settings ?? clientSettingsSchema.parse({})),
      created_at: clock.now(),
      last_ping_at: null,
      last_backup_at: null,
    })
    await audit.record(origin, { action: 'client.created', subject: `client ${added.id}`, detail: { name, ownerId } })
    for (const listener of this.#listeners) await listener.added?.(added)
    return added
  }

  async change(
    actor: UserActor,
    { id, changes }: { readonly id: number; readonly changes: ChangeClient },
    origin: Origin,
  ): Promise<Client> {
    const client = await this.visible(actor, id)
    const ownerId = changes.ownerId ?? client.owner_id
    if (ownerId !== client.owner_id) await this.#demandOwner(actor, ownerId)
    demandSameQuota(actor, { before: settingsOf(client).quotaBytes, after: changes.settings?.quotaBytes })
    if ((changes.name ?? client.name) !== client.name || ownerId !== client.owner_id)
      await this.#demandFreeName(changes.name ?? client.name, ownerId)
    const { store, audit } = this.#options
    await store.change(id, {
      name: changes.name ?? client.name,
      owner_id: ownerId,
      is_disabled: (changes.isDisabled ?? client.is_disabled === 1) ? 1 : 0,
      settings: changes.settings === undefined ? client.settings : JSON.stringify(changes.settings),
    })
    await audit.record(origin, { action: 'client.changed', subject: `client ${id}`, detail: { changed: Object.keys(changes) } })
    for (const listener of this.#listeners) await listener.changed?.(id)
    return this.get(actor, id)
  }

  /**
   * Removes a client with its plans and logs. Its snapshots stay in the repository; they belong to nobody then.
   * @throws {ServerError} `request.conflict` when it has snapshots and `withSnapshots` does not say that they may be orphaned.
   */
  async remove(
    actor: UserActor,
    { id, withSnapshots }: { readonly id: number; readonly withSnapshots: boolean },
    origin: Origin,
  ): Promise<void> {
    const { name } = await this.visible(actor, id)
    const { store, audit } = this.#options
    const count = await store.countSnapshots(id)
    if (count > 0 && !withSnapshots) {
      throw new ServerError(
        'request.conflict',
        `Cannot remove the client ${name}: it has ${count} snapshots; say that they may be left without owner`,
      )
    }
    await store.remove(id)
    await audit.record(origin, { action: 'client.removed', subject: `client ${id}`, detail: { name, snapshots: count } })
  }

  /** What counts on a client, for one of its plans or for none, or would if it were `changed`. @throws {ServerError} `not-found` */
  async effective(
    clientId: number,
    definition: PlanDefinition | undefined,
    changed: Partial<ClientSettings> = {},
  ): Promise<EffectiveSettings> {
    const client = await this.byId(clientId)
    const retention = await this.#options.store.retentionOf(client.owner_id)
    const owner = { retention: retention === null ? null : (JSON.parse(retention) as Retention) }
    return effectiveSettings(owner, { ...settingsOf(client), ...changed }, definition)
  }

  /** Notes that a backup of a client ended well. */
  async noteBackup(clientId: number, at: number): Promise<void> {
    await this.#options.store.change(clientId, { last_backup_at: at })
  }

  /** A client as it goes over the wire. */
  toClient(client: StoredClient): Client {
    const settings = settingsOf(client)
    const since = client.last_backup_at ?? client.created_at
    const { overdueAfterHours } = settings
    return {
      id: client.id,
      name: client.name,
      ownerId: client.owner_id,
      isLocal: client.is_local === 1,
      isDisabled: client.is_disabled === 1,
      isEnrolled: client.token_hash !== null,
      isOverdue: overdueAfterHours !== null && this.#options.clock.now() - since > overdueAfterHours * HOUR_MS,
      hostname: client.hostname,
      platform: client.platform,
      version: client.version,
      settings,
      createdAt: new Date(client.created_at).toISOString(),
      lastPingAt: timeOf(client.last_ping_at),
      lastBackupAt: timeOf(client.last_backup_at),
    }
  }

  async #demandOwner(actor: UserActor, ownerId: number): Promise<void> {
    if (ownerId !== actor.userId && actor.role !== 'admin')
      throw new ServerError('auth.forbidden', 'Cannot give a client to somebody else: only administrators may')
    if (!(await this.#options.store.userExists(ownerId))) throw notFound(`the user ${ownerId}`)
  }

  async #demandFreeName(name: string, ownerId: number): Promise<void> {
    if ((await this.#options.store.find({ name, ownerId })) === undefined) return
    throw new ServerError('request.conflict', `Cannot call a client ${name}: its owner has one of that name`)
  }
}

/** Whoever is held to a quota cannot raise it. */
function demandSameQuota(
  actor: UserActor,
  { before, after = before }: { readonly before: number | null; readonly after?: number | null | undefined },
): void {
  if (after !== before && actor.role !== 'admin')
    throw new ServerError('auth.forbidden', 'Cannot change the quota of a client: only administrators may')
}

/** The settings of a client, with defaults for those that its row was stored without. */
function settingsOf({ settings }: Pick<StoredClient, 'settings'>): ClientSettings {
  return clientSettingsSchema.parse(JSON.parse(settings))
}

/** The id that a cursor stands for. @throws {ServerError} `request.invalid` */
export function parseCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new ServerError('request.invalid', 'Cannot go on from there: the cursor is none that a page gave')
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
