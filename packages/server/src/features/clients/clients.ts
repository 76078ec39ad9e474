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
import { type EffectiveSettings, effectiveSettings, settingsOf } from './inheritance.ts'
import type { ClientListStore } from './list-store.ts'
import { formatPlace, parsePlace, toClient } from './list-view.ts'
import type { ClientStore, StoredClient } from './store.ts'

const HOUR_MS = 3_600_000

export interface ClientsOptions {
  readonly store: ClientStore
  readonly lists: ClientListStore
  readonly audit: Audit
  readonly clock: Clock
}

/** Told of what happens to clients, for those who depend on them. */
export interface ClientListener {
  /** Settings or name have changed, or the client or its user was disabled or enabled. */
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
    const after = parsePlace(cursor, query.sort)
    const { clients, last } = await this.#options.lists.list({ ...query, ownerId: owner, after, now: this.#options.clock.now() })
    return { items: clients.map(toClient), next: clients.length === query.limit && last ? formatPlace(last) : null }
  }

  /** @throws {ServerError} `not-found` for clients of others. */
  async get(actor: UserActor, id: number): Promise<Client> {
    return this.#view((await this.visible(actor, id)).id)
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
    return this.#view((await this.createFor(ownerId, client, origin)).id)
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
      ...storedSettings(settings ?? clientSettingsSchema.parse({})),
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
    if ((changes.name ?? client.name) !== client.name || ownerId !== client.owner_id)
      await this.#demandFreeName(changes.name ?? client.name, ownerId)
    const { store, audit } = this.#options
    const isThere = await store.changeBy(id, (present) => changedColumns(actor, present, changes))
    if (!isThere) throw notFound(`the client ${id}`)
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

  /** Whether a client may be backed up: neither it nor the user whom it belongs to is disabled. */
  async isInService(clientId: number): Promise<boolean> {
    return this.#options.store.isInService(clientId)
  }

  /** Tells those who depend on clients that a user was disabled or enabled. */
  async ownerChanged(userId: number): Promise<void> {
    for (const id of await this.#options.store.idsOf(userId)) for (const listener of this.#listeners) await listener.changed?.(id)
  }

  /** Notes that a backup of a client ended well. */
  async noteBackup(clientId: number, at: number): Promise<void> {
    await this.#options.store.change(clientId, { last_backup_at: at })
  }

  async #view(id: number): Promise<Client> {
    const [listed] = await this.#options.lists.figures([id], this.#options.clock.now())
    if (listed === undefined) throw notFound(`the client ${id}`)
    return toClient(listed)
  }

  async #demandOwner(actor: UserActor, ownerId: number): Promise<void> {
    if (ownerId !== actor.userId && actor.role !== 'admin')
      throw new ServerError('auth.forbidden', 'Cannot give a client to somebody else: only administrators may')
    if (!(await this.#options.store.userExists(ownerId))) throw notFound(`the user ${ownerId}`)
  }

  async #demandFreeName(name: string, ownerId: number): Promise<void> {
    if ((await this.#options.store.find({ name, ownerId })) === undefined) return
    throw new ServerError('request.conflict', `Cannot call a client ${name}: its owner has one of that name`, {
      fields: [{ path: '/name', message: 'its owner has one of that name', reason: 'taken' }],
    })
  }
}

type ClientChanges = Partial<Pick<StoredClient, 'name' | 'owner_id' | 'is_disabled' | 'settings' | 'overdue_after_ms'>>

function storedSettings(settings: ClientSettings): { readonly settings: string; readonly overdue_after_ms: number | null } {
  const { overdueAfterHours } = settings
  return { settings: JSON.stringify(settings), overdue_after_ms: overdueAfterHours === null ? null : overdueAfterHours * HOUR_MS }
}

/** Only what is named is written, and settings that are not named stay as they are at that moment. */
function changedColumns(actor: UserActor, client: StoredClient, { name, ownerId, isDisabled, settings }: ChangeClient): ClientChanges {
  const before = settingsOf(client)
  demandSameQuota(actor, { before: before.quotaBytes, after: settings?.quotaBytes })
  return {
    ...(name === undefined ? {} : { name }),
    ...(ownerId === undefined ? {} : { owner_id: ownerId }),
    ...(isDisabled === undefined ? {} : { is_disabled: isDisabled ? 1 : 0 }),
    ...(settings === undefined ? {} : storedSettings(clientSettingsSchema.parse({ ...before, ...settings }))),
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
