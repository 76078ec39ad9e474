import { type RawBuilder, sql } from 'kysely'
import type { Queries } from '../../db/database.ts'
import { isInService } from '../clients/store.ts'
import type { RepositoryTaskRow } from '../maintenance/tables.ts'
import type { RepositoryHistoryRow } from '../repositories/tables.ts'
import type { Day } from './days.ts'

const DAY_MS = 86_400_000
/** How many of each kind are read; more than that are only counted. */
const READ_MAX = 50

/** Something about a client or one of its plans. */
export interface Concern {
  readonly client_id: number
  readonly client_name: string
  readonly plan_id: number | null
  readonly plan_name: string | null
  readonly run_id: number | null
  /** JSON. */
  readonly error: string | null
  /** JSON, of a backup that succeeded. */
  readonly statistics?: string | null
  readonly since: number
  /** How many of the kind there are. */
  readonly total: number
}

export interface CalendarRow {
  readonly day: string
  readonly state: string
  readonly is_missed: number
  readonly count: number
  readonly added: number
}

/** A repository with what its maintenance has come to. */
export interface KeptRepository {
  readonly id: number
  readonly name: string
  readonly has_key: number
  readonly created_at: number
  readonly maintenance: string
  readonly statistics: string | null
  readonly tasks: readonly RepositoryTaskRow[]
}

/** Reads what the overview shows, in few queries whose cost does not grow with the history. Limited to one owner, if one is given. */
export class OverviewStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Enabled plans whose last run failed. */
  async failedPlans(ownerId: number | undefined): Promise<readonly Concern[]> {
    return this.#plans(ownerId)
      .leftJoin('runs', 'runs.id', 'plans.failed_run_id')
      .select(['plans.failed_run_id as run_id', 'runs.error', sql<number>`coalesce(plans.failed_since, 0)`.as('since')])
      .where('plans.failed_run_id', 'is not', null)
      .orderBy('since')
      .execute()
  }

  /** Enabled plans whose last backup could not read everything. */
  async incompletePlans(ownerId: number | undefined): Promise<readonly Concern[]> {
    return this.#plans(ownerId)
      .leftJoin('runs', 'runs.id', 'plans.incomplete_run_id')
      .select(['plans.incomplete_run_id as run_id', NOTHING.as('error'), 'runs.statistics'])
      .select(sql<number>`coalesce(runs.finished_at, 0)`.as('since'))
      .where('plans.incomplete_run_id', 'is not', null)
      .orderBy('since')
      .execute()
  }

  /** Enabled plans that have not succeeded for longer than their schedule allows, without having failed. */
  async overduePlans(ownerId: number | undefined): Promise<readonly Concern[]> {
    return this.#plans(ownerId)
      .select([NOTHING.as('run_id'), NOTHING.as('error'), sql<number>`coalesce(plans.overdue_at, 0)`.as('since')])
      .where('plans.is_overdue', '=', 1)
      .where('plans.failed_run_id', 'is', null)
      .orderBy('since')
      .execute()
  }

  /** Clients without a good backup for longer than their settings allow, of whose plans none is known to be in trouble. */
  async overdueClients(ownerId: number | undefined, now: number): Promise<readonly Concern[]> {
    const late = sql<number>`coalesce(clients.last_backup_at, clients.created_at) + clients.overdue_after_ms`
    return this.#untroubled(ownerId)
      .select(late.as('since'))
      .where(sql<boolean>`${late} < ${sql.lit(now)}`)
      .orderBy('since')
      .execute()
  }

  /** Clients that came in before `before`, and have no good backup yet; not those that are overdue. */
  async neverBackedUp(ownerId: number | undefined, { now, before }: { readonly now: number; readonly before: number }) {
    return this.#waiting(ownerId, now)
      .where('clients.created_at', '<', before)
      .where((where) => where.or([where('clients.token_hash', 'is not', null), where('clients.is_local', '=', 1)]))
      .orderBy('since')
      .execute()
  }

  /** How many clients were added at `since` or later, and have no good backup yet, without any trouble. */
  async countNew(ownerId: number | undefined, { now, since }: { readonly now: number; readonly since: number }): Promise<number> {
    const row = await this.#waiting(ownerId, now).where('clients.created_at', '>=', since).limit(1).executeTakeFirst()
    return Number(row?.total ?? 0)
  }

  /** Clients that were added before `before`, and whose agent never came in. */
  async neverCame(ownerId: number | undefined, before: number): Promise<readonly Concern[]> {
    return this.#clients(ownerId)
      .select('clients.created_at as since')
      .where('clients.token_hash', 'is', null)
      .where('clients.is_local', '=', 0)
      .where('clients.last_ping_at', 'is', null)
      .where('clients.last_backup_at', 'is', null)
      .where('clients.created_at', '<', before)
      .orderBy('since')
      .execute()
  }

  /** Clients whose agent was last heard of before `before`. */
  async silentClients(ownerId: number | undefined, before: number): Promise<readonly Concern[]> {
    return this.#clients(ownerId)
      .select(sql<number>`coalesce(clients.last_ping_at, 0)`.as('since'))
      .where('clients.token_hash', 'is not', null)
      .where('clients.last_ping_at', '<', before)
      .orderBy('since')
      .execute()
  }

  async countPlans(ownerId: number | undefined): Promise<{ readonly total: number; readonly enabled: number }> {
    let query = this.#queries
      .selectFrom('plans')
      .select(({ fn }) => [fn.countAll<number>().as('total'), fn.sum<number>('is_enabled').as('enabled')])
    if (ownerId !== undefined) query = query.innerJoin('clients', 'clients.id', 'plans.client_id').where('clients.owner_id', '=', ownerId)
    const { total, enabled } = await query.executeTakeFirstOrThrow()
    return { total: Number(total), enabled: Number(enabled ?? 0) }
  }

  /** What is known of snapshots; of one owner's, or of all. */
  async sumSnapshots(ownerId: number | undefined): Promise<{ readonly count: number; readonly bytes: number; readonly added: number }> {
    // As fractions, since sums of integers can come to more than SQLite takes.
    let query = this.#queries
      .selectFrom('snapshots')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .select([sql<number>`sum(size_bytes * 1.0)`.as('bytes'), sql<number>`sum(added_bytes * 1.0)`.as('added')])
    if (ownerId !== undefined)
      query = query.innerJoin('clients', 'clients.id', 'snapshots.client_id').where('clients.owner_id', '=', ownerId)
    const { count, bytes, added } = await query.executeTakeFirstOrThrow()
    return { count: Number(count), bytes: Number(bytes ?? 0), added: Number(added ?? 0) }
  }

  /** The backups of each day that have ended, by how they did. An index holds all that is asked for. */
  async calendar(ownerId: number | undefined, days: readonly Day[]): Promise<readonly CalendarRow[]> {
    const [first, last] = [days[0], days.at(-1)]
    if (first === undefined || last === undefined) return []
    const own =
      ownerId === undefined ? sql`` : sql` and runs.client_id in (select clients.id from clients where clients.owner_id = ${ownerId})`
    const { rows } = await sql<{ [Column in keyof CalendarRow]: number | string }>`
      select ${indexOfDay(days)} as day, state, is_missed, count(*) as count, sum(added_bytes * 1.0) as added
      from runs
      where kind = 'backup' and state in ('finished', 'error', 'cancelled')
        and created_at >= ${sql.lit(first.sinceMs)} and created_at < ${sql.lit(last.untilMs)}${own}
      group by 1, 2, 3`.execute(this.#queries)
    return rows.map(({ day, state, is_missed, count, added }) => ({
      day: days[Number(day)]?.day ?? '',
      state: String(state),
      is_missed: Number(is_missed),
      count: Number(count),
      added: Number(added ?? 0),
    }))
  }

  async repositories(): Promise<readonly KeptRepository[]> {
    const columns = ['id', 'name', 'has_key', 'created_at', 'maintenance', 'statistics'] as const
    const repositories = await this.#queries.selectFrom('repositories').select(columns).orderBy('id').execute()
    const tasks = Map.groupBy(await this.#queries.selectFrom('repository_tasks').selectAll().execute(), (task) => task.repository_id)
    return repositories.map((repository) => ({ ...repository, tasks: tasks.get(repository.id) ?? [] }))
  }

  /** What repositories held day by day since a day, oldest first; of one repository or of all. */
  async history(since: string, repositoryId?: number): Promise<readonly RepositoryHistoryRow[]> {
    const query = this.#queries
      .selectFrom('repository_history')
      .selectAll()
      .where('day', '>=', since)
      .orderBy('day')
      .orderBy('repository_id')
    return (repositoryId === undefined ? query : query.where('repository_id', '=', repositoryId)).execute()
  }

  #plans(ownerId: number | undefined) {
    const query = this.#queries
      .selectFrom('plans')
      .innerJoin('clients', 'clients.id', 'plans.client_id')
      .select([
        'clients.id as client_id',
        'clients.name as client_name',
        'plans.id as plan_id',
        'plans.name as plan_name',
        TOTAL.as('total'),
      ])
      .where('plans.is_enabled', '=', 1)
      .where(isInService())
      .limit(READ_MAX)
    return ownerId === undefined ? query : query.where('clients.owner_id', '=', ownerId)
  }

  #clients(ownerId: number | undefined) {
    const query = this.#queries
      .selectFrom('clients')
      .select(['clients.id as client_id', 'clients.name as client_name', TOTAL.as('total')])
      .select([NOTHING.as('plan_id'), NOTHING.as('plan_name'), NOTHING.as('run_id'), NOTHING.as('error')])
      .where(isInService())
      .limit(READ_MAX)
    return ownerId === undefined ? query : query.where('clients.owner_id', '=', ownerId)
  }

  /** Clients that nothing is wrong with but that they have no good backup yet. */
  #waiting(ownerId: number | undefined, now: number) {
    return this.#untroubled(ownerId)
      .select('clients.created_at as since')
      .where('clients.last_backup_at', 'is', null)
      .where(sql<boolean>`coalesce(clients.created_at + clients.overdue_after_ms >= ${sql.lit(now)}, 1 = 1)`)
  }

  #untroubled(ownerId: number | undefined) {
    const troubled = this.#queries
      .selectFrom('plans')
      .select('plans.client_id')
      .where('plans.is_enabled', '=', 1)
      .where((where) => where.or([where('plans.is_overdue', '=', 1), where('plans.failed_run_id', 'is not', null)]))
    return this.#clients(ownerId).where('clients.id', 'not in', troubled)
  }
}

/** How many rows there are, beyond the limit too. */
const TOTAL = sql<number>`count(*) over ()`
const NOTHING = sql<null>`null`

/** Which of `days` a run belongs to: by a division, and anew behind each day on which clocks change. */
function indexOfDay(days: readonly Day[]): RawBuilder<number> {
  const starts = days.flatMap((day, index) => {
    const before = days[index - 1]
    const isWhole = ({ sinceMs, untilMs }: Day): boolean => untilMs - sinceMs === DAY_MS
    return before === undefined || !isWhole(before) || !isWhole(day) ? [index] : []
  })
  const cases = starts.map((start, order) => {
    const end = starts[order + 1] ?? days.length
    const [sinceMs, untilMs] = [days[start]?.sinceMs ?? 0, days[end - 1]?.untilMs ?? 0]
    const index = end - start === 1 ? sql.lit(start) : sql`${sql.lit(start)} + (created_at - ${sql.lit(sinceMs)}) / ${sql.lit(DAY_MS)}`
    return sql`when created_at < ${sql.lit(untilMs)} then ${index}`
  })
  return sql<number>`case ${sql.join(cases, sql` `)} end`
}
