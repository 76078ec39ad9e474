import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import { isInService } from '../clients/store.ts'
import type { ChannelRow, DeliveryRow } from './tables.ts'

export type StoredChannel = Selectable<ChannelRow>
/** A message on its way to a channel. */
export type Delivery = Selectable<DeliveryRow>
export type NewDelivery = Insertable<DeliveryRow>

/** Where channels and messages that are under way are kept. */
export class NotificationStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Channels of one owner, or of all. */
  async list(ownerId?: number): Promise<StoredChannel[]> {
    const query = this.#queries.selectFrom('channels').selectAll().orderBy('id')
    return (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute()
  }

  async find(id: number): Promise<StoredChannel | undefined> {
    return this.#queries.selectFrom('channels').selectAll().where('id', '=', id).executeTakeFirst()
  }

  async add(channel: Insertable<ChannelRow>): Promise<StoredChannel> {
    return this.#queries.insertInto('channels').values(channel).returningAll().executeTakeFirstOrThrow()
  }

  async change(id: number, changes: Updateable<ChannelRow>): Promise<void> {
    await this.#queries.updateTable('channels').set(changes).where('id', '=', id).execute()
  }

  async remove(id: number): Promise<void> {
    await this.#queries.deleteFrom('channels').where('id', '=', id).execute()
  }

  /** A channel that is enabled, as its owner is. */
  async findOpen(id: number): Promise<StoredChannel | undefined> {
    return this.#open().where('channels.id', '=', id).executeTakeFirst()
  }

  /** Channels that are enabled, as their owners are, whose summary is due by `now`. */
  async dueSummaries(now: number): Promise<StoredChannel[]> {
    return this.#open().where('channels.next_summary_at', '<=', now).orderBy('channels.id').execute()
  }

  /** Enabled channels of administrators, who hear of everything, and of one user. */
  async audience(ownerId: number | null): Promise<StoredChannel[]> {
    return this.#open()
      .where((where) => where.or([where('users.role', '=', 'admin'), where('channels.owner_id', '=', ownerId ?? 0)]))
      .execute()
  }

  async enqueue(deliveries: readonly NewDelivery[]): Promise<void> {
    await enqueue(this.#queries, deliveries)
  }

  /**
   * Takes messages that are due by `now`, until `until`: so long no other server process takes them, and if this one dies they are due
   * again.
   */
  async takeDue({ now, until, limit }: { readonly now: number; readonly until: number; readonly limit: number }): Promise<Delivery[]> {
    const due = this.#queries.selectFrom('deliveries').select('id').where('next_attempt_at', '<=', now).orderBy('id').limit(limit)
    return this.#queries
      .updateTable('deliveries')
      .set((row) => ({ next_attempt_at: until, attempts: row('attempts', '+', 1) }))
      .where('id', 'in', due)
      .where('next_attempt_at', '<=', now)
      .returningAll()
      .execute()
  }

  async postpone(id: number, nextAttemptAt: number): Promise<void> {
    await this.#queries.updateTable('deliveries').set({ next_attempt_at: nextAttemptAt }).where('id', '=', id).execute()
  }

  /** Lets what else is due for a channel wait as well. */
  async holdBack(channelId: number, { now, until }: { readonly now: number; readonly until: number }): Promise<void> {
    const waiting = this.#queries.updateTable('deliveries').set({ next_attempt_at: until }).where('channel_id', '=', channelId)
    await waiting.where('next_attempt_at', '<=', now).execute()
  }

  async settle(id: number): Promise<void> {
    await this.#queries.deleteFrom('deliveries').where('id', '=', id).execute()
  }

  async isRaised(name: string): Promise<boolean> {
    return (await this.#queries.selectFrom('alarms').select('name').where('name', '=', name).executeTakeFirst()) !== undefined
  }

  /** Raises an alarm and queues what is told of it, both or neither; nothing where it was raised before. */
  async raise(name: string, since: number, deliveries: readonly NewDelivery[]): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      const alarm = transaction.insertInto('alarms').values({ name, since })
      const added = await alarm
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('name')
        .executeTakeFirst()
      if (added !== undefined) await enqueue(transaction, deliveries)
    })
  }

  /** Ends an alarm and queues what is told of that, both or neither; nothing where it was not raised. */
  async clear(name: string, deliveries: readonly NewDelivery[]): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      const removed = await transaction.deleteFrom('alarms').where('name', '=', name).returning('name').executeTakeFirst()
      if (removed !== undefined) await enqueue(transaction, deliveries)
    })
  }

  /** Moves the time of a channel's next summary and queues the present one, both or neither; nothing where somebody else has. */
  async sumUp(
    id: number,
    { due, next, deliveries }: { readonly due: number; readonly next: number; readonly deliveries: readonly NewDelivery[] },
  ): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      const moved = transaction.updateTable('channels').set({ next_summary_at: next }).where('id', '=', id)
      const claimed = await moved.where('next_summary_at', '=', due).returning('id').executeTakeFirst()
      if (claimed !== undefined) await enqueue(transaction, deliveries)
    })
  }

  /** What a summary says: each client of the owner, or of all, with its last backup. */
  async clientsOf(ownerId: number | undefined): Promise<{ readonly name: string; readonly last_backup_at: number | null }[]> {
    const query = this.#queries.selectFrom('clients').select(['name', 'last_backup_at']).where(isInService()).orderBy('name').limit(1000)
    return (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute()
  }

  /** How many runs ended how since `since`, of the clients of the owner or of all. */
  async countRuns(ownerId: number | undefined, since: number): Promise<ReadonlyMap<string, number>> {
    let query = this.#queries
      .selectFrom('runs')
      .leftJoin('clients', 'clients.id', 'runs.client_id')
      .select(({ fn }) => ['runs.state', fn.countAll<number>().as('count')])
      .where('runs.finished_at', '>=', since)
      .groupBy('runs.state')
    if (ownerId !== undefined) query = query.where('clients.owner_id', '=', ownerId)
    return new Map((await query.execute()).map(({ state, count }) => [state, Number(count)]))
  }

  async roleOf(userId: number): Promise<string | undefined> {
    return (await this.#queries.selectFrom('users').select('role').where('id', '=', userId).executeTakeFirst())?.role
  }

  #open() {
    return this.#queries
      .selectFrom('channels')
      .innerJoin('users', 'users.id', 'channels.owner_id')
      .selectAll('channels')
      .where('channels.is_enabled', '=', 1)
      .where('users.is_disabled', '=', 0)
  }
}

async function enqueue(queries: Queries, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length > 0)
    await queries
      .insertInto('deliveries')
      .values([...deliveries])
      .execute()
}
