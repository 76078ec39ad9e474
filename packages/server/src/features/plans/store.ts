import type { PlanQuery } from '@holdfast/protocol'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import { containsText } from '../../db/contains-text.ts'
import type { Queries } from '../../db/database.ts'
import { isInService } from '../clients/store.ts'
import { insertRun, type RunToAdd } from '../runs/store.ts'
import type { RunRow } from '../runs/tables.ts'
import type { PlanRow } from './tables.ts'

/** A plan with what is needed to tell who may see it and whether its client takes part. */
export type StoredPlan = Selectable<PlanRow> & {
  readonly owner_id: number
  readonly client_name: string
  readonly client_disabled: number
}

/** The newest run of a plan. */
export type LastRun = Pick<Selectable<RunRow>, 'id' | 'state' | 'created_at' | 'finished_at' | 'statistics'>

/** Where a page begins: behind the plan of this name and id. */
export interface PlanPosition {
  readonly name: string
  readonly id: number
}

/** What becomes of a plan that is due. */
export interface Firing {
  readonly nextRunAt: number | null
  /** When it counts as overdue, unless it has been waiting for longer. */
  readonly overdueAt: number
  /** Undefined when this time is passed over. */
  readonly run: RunToAdd | undefined
}

/** Below what SQLite takes as parameters of one query. */
const IDS_PER_QUERY = 500

/** Where plans are kept. */
export class PlanStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Adds a plan; `nextRunAt` is asked for its first time once it has an id. */
  async add(plan: Omit<Insertable<PlanRow>, 'next_run_at' | 'id'>, nextRunAt: (id: number) => number | null): Promise<StoredPlan> {
    const id = await this.#queries.transaction().execute(async (transaction) => {
      const added = await transaction.insertInto('plans').values(plan).returning('id').executeTakeFirstOrThrow()
      await transaction
        .updateTable('plans')
        .set({ next_run_at: nextRunAt(added.id) })
        .where('id', '=', added.id)
        .execute()
      return added.id
    })
    return selectPlans(this.#queries).where('plans.id', '=', id).executeTakeFirstOrThrow()
  }

  async find(id: number): Promise<StoredPlan | undefined> {
    return selectPlans(this.#queries).where('plans.id', '=', id).executeTakeFirst()
  }

  /** Plans of a client, of an owner, or all, by name. */
  async list(of: { readonly clientId?: number | undefined; readonly ownerId?: number | undefined }): Promise<StoredPlan[]> {
    let query = selectPlans(this.#queries).orderBy('plans.name').orderBy('plans.id')
    if (of.clientId !== undefined) query = query.where('plans.client_id', '=', of.clientId)
    if (of.ownerId !== undefined) query = query.where('clients.owner_id', '=', of.ownerId)
    return query.execute()
  }

  /** One page of plans, by name; of an owner, or all. */
  async page(
    { limit, search, clientId, repositoryId, isEnabled, isOverdue }: Omit<PlanQuery, 'cursor'>,
    { ownerId, after }: { readonly ownerId: number | undefined; readonly after: PlanPosition | undefined },
  ): Promise<StoredPlan[]> {
    let query = selectPlans(this.#queries).orderBy('plans.name').orderBy('plans.id').limit(limit)
    if (ownerId !== undefined) query = query.where('clients.owner_id', '=', ownerId)
    if (clientId !== undefined) query = query.where('plans.client_id', '=', clientId)
    if (repositoryId !== undefined) query = query.where('plans.repository_id', '=', repositoryId)
    if (isEnabled !== undefined) query = query.where('plans.is_enabled', '=', Number(isEnabled))
    if (isOverdue !== undefined) query = query.where('plans.is_overdue', '=', Number(isOverdue))
    if (search !== undefined) query = query.where(containsText(['plans.name', 'clients.name'], search))
    if (after !== undefined) {
      const { name, id } = after
      query = query.where(({ or, and, eb }) =>
        or([eb('plans.name', '>', name), and([eb('plans.name', '=', name), eb('plans.id', '>', id)])]),
      )
    }
    return query.execute()
  }

  /** The newest runs of plans, by the plans' ids. A plan that has not run has none. */
  async lastRuns(planIds: readonly number[]): Promise<ReadonlyMap<number, LastRun>> {
    const rows: (LastRun & { readonly plan_id: number })[] = []
    for (let from = 0; from < planIds.length; from += IDS_PER_QUERY) {
      const found = await this.#queries
        .selectFrom('plans')
        .innerJoin('runs', (join) =>
          join.on('runs.id', '=', ({ selectFrom }) =>
            selectFrom('runs as all_runs')
              .select(({ fn }) => fn.max('all_runs.id').as('id'))
              .whereRef('all_runs.plan_id', '=', 'plans.id'),
          ),
        )
        .select(['plans.id as plan_id', 'runs.id', 'runs.state', 'runs.created_at', 'runs.finished_at', 'runs.statistics'])
        .where('plans.id', 'in', planIds.slice(from, from + IDS_PER_QUERY))
        .execute()
      rows.push(...found)
    }
    return new Map(rows.map(({ plan_id, ...run }) => [plan_id, run]))
  }

  async change(id: number, changes: Updateable<PlanRow>): Promise<StoredPlan | undefined> {
    await this.#queries.updateTable('plans').set(changes).where('id', '=', id).execute()
    return this.find(id)
  }

  async remove(id: number): Promise<void> {
    await this.#queries.deleteFrom('plans').where('id', '=', id).execute()
  }

  /** The repository of an id, or the default one; undefined when there is none, or only its clients have its key. */
  async repository(id: number | undefined): Promise<number | undefined> {
    const query = this.#queries.selectFrom('repositories').select('id').where('has_key', '=', 1)
    const row = await (id === undefined ? query.where('is_default', '=', 1).orderBy('id') : query.where('id', '=', id)).executeTakeFirst()
    return row?.id
  }

  /** What of a client plans depend on. */
  async client(
    id: number,
  ): Promise<{ readonly owner_id: number; readonly settings: string; readonly owner_retention: string | null } | undefined> {
    return this.#queries
      .selectFrom('clients')
      .innerJoin('users', 'users.id', 'clients.owner_id')
      .select(['clients.owner_id', 'clients.settings', 'users.retention as owner_retention'])
      .where('clients.id', '=', id)
      .executeTakeFirst()
  }

  /** Enabled plans of enabled clients whose time has come, the longest due first. */
  async due(now: number, limit: number): Promise<StoredPlan[]> {
    return selectPlans(this.#queries)
      .where('plans.is_enabled', '=', 1)
      .where(isInService())
      .where('plans.next_run_at', '<=', now)
      .orderBy('plans.next_run_at')
      .limit(limit)
      .execute()
  }

  /**
   * Moves a plan that is due on to its next time, and adds its run, in one step: of several servers that try, one does it. A plan that has
   * a run already that has not ended gets no second one. Gives the id of the run, null when there is none, undefined when another server
   * was faster.
   */
  async fire(plan: StoredPlan, { nextRunAt, overdueAt, run }: Firing): Promise<number | null | undefined> {
    return this.#queries.transaction().execute(async (transaction) => {
      const moved = await transaction
        .updateTable('plans')
        .set({ next_run_at: nextRunAt })
        .where('id', '=', plan.id)
        .where('is_enabled', '=', 1)
        .where('next_run_at', '=', plan.next_run_at)
        .returning(['id', 'overdue_at'])
        .executeTakeFirst()
      if (moved === undefined) return undefined
      if (moved.overdue_at === null) {
        await transaction.updateTable('plans').set({ overdue_at: overdueAt }).where('id', '=', plan.id).execute()
      }
      const active = await transaction
        .selectFrom('runs')
        .select('id')
        .where('plan_id', '=', plan.id)
        .where('state', 'in', ['pending', 'running'])
        .executeTakeFirst()
      if (run === undefined || active !== undefined) return null
      return (await insertRun(transaction, run)).id
    })
  }

  /** Corrects the next time of a plan if nobody has changed it meanwhile. */
  async correct(plan: StoredPlan, nextRunAt: number | null): Promise<void> {
    const query = this.#queries.updateTable('plans').set({ next_run_at: nextRunAt, overdue_at: null }).where('id', '=', plan.id)
    const { next_run_at } = plan
    await (next_run_at === null ? query.where('next_run_at', 'is', null) : query.where('next_run_at', '=', next_run_at)).execute()
  }

  /** Marks plans that have become overdue, unless they are being carried out; each is given once. */
  async markOverdue(now: number): Promise<StoredPlan[]> {
    const marked = await this.#queries
      .updateTable('plans')
      .set({ is_overdue: 1 })
      .where('is_enabled', '=', 1)
      .where('is_overdue', '=', 0)
      .where('overdue_at', '<=', now)
      .where('client_id', 'in', (where) => where.selectFrom('clients').select('clients.id').where(isInService()))
      .where((where) =>
        where.not(
          where.exists(
            where.selectFrom('runs').select('runs.id').whereRef('runs.plan_id', '=', 'plans.id').where('runs.state', '=', 'running'),
          ),
        ),
      )
      .returning('id')
      .execute()
    if (marked.length === 0) return []
    return selectPlans(this.#queries)
      .where(
        'plans.id',
        'in',
        marked.map(({ id }) => id),
      )
      .execute()
  }
}

function selectPlans(queries: Queries) {
  return queries
    .selectFrom('plans')
    .innerJoin('clients', 'clients.id', 'plans.client_id')
    .selectAll('plans')
    .select(['clients.owner_id', 'clients.name as client_name'])
    .select(sql<number>`case when ${isInService()} then 0 else 1 end`.as('client_disabled'))
}
