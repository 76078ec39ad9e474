import type { ClientQuery, ClientState, RunState } from '@holdfast/protocol'
import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import { containsText } from '../../db/contains-text.ts'
import type { Queries } from '../../db/database.ts'
import type { Tables } from '../../db/schema.ts'
import { isInService, type StoredClient } from './store.ts'

/** In the order in which they need somebody; the number is what is sorted by. */
const STATES: readonly ClientState[] = ['failed', 'overdue', 'never', 'ok', 'disabled']
/** How many runs a trend shows. */
export const TREND_RUNS = 10

/** A client with what its plans and runs say of it. */
export interface ListedClient {
  readonly client: StoredClient
  readonly state: ClientState
  readonly isOverdue: boolean
  readonly nextRunAt: number | null
  /** The backup run that runs, if one does, then those that ended last: as many as a trend shows, where there are so many. */
  readonly runs: readonly ClientRun[]
}

export interface ClientRun {
  readonly id: number
  readonly state: RunState
  readonly finished_at: number | null
  /** JSON. */
  readonly error: string | null
}

/** Where a client stands in a list: its sort keys, the id last. */
export type Place = readonly (string | number)[]

export interface ClientListFilter extends Pick<ClientQuery, 'limit' | 'search' | 'ownerId' | 'state' | 'sort' | 'order'> {
  /** Only those that come after it. */
  readonly after?: Place | undefined
  readonly now: number
}

/** Reads lists of clients together with the state that each is in. */
export class ClientListStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** The clients of a page in its order, with where the last of them stands. */
  async list(filter: ClientListFilter): Promise<{ readonly clients: readonly ListedClient[]; readonly last: Place | undefined }> {
    const rows = await this.#find(filter)
    const clients = await this.figures(
      rows.map(({ id }) => id),
      filter.now,
    )
    const last = rows.at(-1)
    return { clients, last: last && PLACES[filter.sort].map((key) => last[key]) }
  }

  /** Clients with their figures, in the order of `ids`; those that are gone are left out. */
  async figures(ids: readonly number[], now: number): Promise<readonly ListedClient[]> {
    if (ids.length === 0) return []
    const rows = await this.#queries
      .selectFrom('clients')
      .selectAll()
      .select([rankOf(now).as('rank'), isOverdue(now).as('is_late')])
      .select(({ selectFrom }) =>
        selectFrom('plans')
          .select(({ fn }) => fn.min<number | null>('next_run_at').as('at'))
          .whereRef('plans.client_id', '=', 'clients.id')
          .where('plans.is_enabled', '=', 1)
          .as('next_run_at'),
      )
      .where('id', 'in', ids)
      .execute()
    const runs = await this.#lastRuns(ids)
    const byId = new Map(
      rows.map(({ rank, is_late, next_run_at, ...client }) => {
        const state = STATES[Number(rank)] ?? 'ok'
        const isOverdue = state !== 'disabled' && Number(is_late) === 1
        const nextRunAt = state === 'disabled' || next_run_at === null ? null : Number(next_run_at)
        return [client.id, { client, state, isOverdue, nextRunAt, runs: runs.get(client.id) ?? [] }]
      }),
    )
    return ids.flatMap((id) => byId.get(id) ?? [])
  }

  /** How many clients are in each state, of one owner or of all. */
  async countStates(ownerId: number | undefined, now: number): Promise<Readonly<Record<ClientState, number>>> {
    const query = this.#queries.selectFrom('clients').select(rankOf(now).as('rank'))
    const rows = await this.#queries
      .with(
        (name) => name('ranked').materialized(),
        () => (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)),
      )
      .selectFrom('ranked')
      .select(({ fn }) => ['rank', fn.countAll<number>().as('count')])
      .groupBy('rank')
      .execute()
    const counts = new Map(rows.map(({ rank, count }) => [Number(rank), Number(count)]))
    return Object.fromEntries(STATES.map((state, rank) => [state, counts.get(rank) ?? 0])) as Record<ClientState, number>
  }

  /** Ranks are worked out for all clients, and once each, only where the list needs them. */
  async #find({ limit, search, ownerId, state, sort, order, after, now }: ClientListFilter) {
    const isRanked = state !== undefined || sort === 'state'
    let keyed = this.#queries
      .selectFrom('clients')
      .select(['id', sql<string>`lower(name)`.as('name_key'), sql<number>`coalesce(last_backup_at, 0)`.as('backup_key')])
      .select((isRanked ? rankOf(now) : sql<number>`0`).as('rank'))
    if (ownerId !== undefined) keyed = keyed.where('owner_id', '=', ownerId)
    if (search !== undefined) keyed = keyed.where(containsText(['name', 'hostname'], search))
    let query = this.#queries
      .with(
        (name) => (isRanked ? name('keyed').materialized() : name('keyed')),
        () => keyed,
      )
      .selectFrom('keyed')
      .selectAll()
      .limit(limit)
    if (state !== undefined) query = query.where('rank', '=', STATES.indexOf(state))
    const keys = PLACES[sort]
    if (after !== undefined) {
      const [before, value] = [sql.join(keys.map((key) => sql.ref(key))), sql.join(after)]
      query = query.where(order === 'asc' ? sql<boolean>`(${before}) > (${value})` : sql<boolean>`(${before}) < (${value})`)
    }
    for (const key of keys) query = query.orderBy(key, order)
    return query.execute()
  }

  /**
   * One look for all clients: for each, the index gives the last of its runs that counts, and then those since. By time, not by id alone:
   * databases that know little of a table would rather walk through all ids than use the index. Joined by hand, for the same reason.
   */
  async #lastRuns(ids: readonly number[]): Promise<ReadonlyMap<number, readonly ClientRun[]>> {
    const columns = ['runs.client_id', 'runs.id', 'runs.state', 'runs.finished_at', 'runs.error'] as const
    const ended = await this.#queries
      .with(
        (name) => name('since').materialized(),
        (queries) =>
          queries
            .selectFrom('clients')
            .select('clients.id as client_id')
            .select((clients) => [trendEnd(clients, 'runs.finished_at').as('at'), trendEnd(clients, 'runs.id').as('run_id')])
            .where('clients.id', 'in', ids),
      )
      .selectFrom('since')
      .crossJoin('runs')
      .whereRef('runs.client_id', '=', 'since.client_id')
      .where('runs.kind', '=', 'backup')
      .where(sql<boolean>`runs.finished_at >= coalesce(since.at, 0)`)
      .where(sql<boolean>`(runs.finished_at > since.at or runs.id >= coalesce(since.run_id, 0))`)
      .select(columns)
      .orderBy('runs.finished_at', 'desc')
      .orderBy('runs.id', 'desc')
      .execute()
    const running = await this.#queries
      .selectFrom('runs')
      .select(columns)
      .where('state', '=', 'running')
      .where('kind', '=', 'backup')
      .where('client_id', 'in', ids)
      .execute()
    return Map.groupBy([...running, ...ended], ({ client_id }) => client_id ?? 0)
  }
}

const PLACES = {
  added: ['id'],
  name: ['name_key', 'id'],
  lastBackupAt: ['backup_key', 'id'],
  state: ['rank', 'name_key', 'id'],
} as const satisfies Readonly<Record<ClientQuery['sort'], readonly string[]>>

/** Of the last run that a client's trend shows; null where there are not so many. */
function trendEnd({ selectFrom }: ExpressionBuilder<Pick<Tables, 'clients' | 'runs'>, 'clients'>, column: 'runs.finished_at' | 'runs.id') {
  return selectFrom('runs')
    .select(column)
    .whereRef('runs.client_id', '=', 'clients.id')
    .where('runs.kind', '=', 'backup')
    .where('runs.finished_at', 'is not', null)
    .orderBy('runs.finished_at', 'desc')
    .orderBy('runs.id', 'desc')
    .limit(1)
    .offset(TREND_RUNS - 1)
}

/** The index of a client's state. */
function rankOf(now: number): RawBuilder<number> {
  return sql<number>`case
    when not ${isInService()} then 4
    when clients.id in (select client_id from plans where is_enabled = 1 and failed_run_id is not null) then 0
    when ${isOverdue(now)} = 1 then 1
    when clients.last_backup_at is null then 2
    else 3 end`
}

/** 1 when a client has had no good backup for longer than itself or one of its plans allows. */
function isOverdue(now: number): RawBuilder<number> {
  return sql<number>`case
    when coalesce(clients.last_backup_at, clients.created_at) + clients.overdue_after_ms < ${sql.lit(now)} then 1
    when clients.id in (select client_id from plans where is_enabled = 1 and is_overdue = 1) then 1
    else 0 end`
}
