import type { LogEntry, LogLevel, Role, RunKind, RunState, RunStatistics } from '@holdfast/protocol'
import { type ExpressionBuilder, type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import { holdRow } from '../../db/hold-row.ts'
import type { Tables } from '../../db/schema.ts'
import { isInService } from '../clients/store.ts'
import type { RunRow } from './tables.ts'

/** A run with what is needed to tell who may see it. */
export type StoredRun = Selectable<RunRow> & {
  /** Of the client; null for runs of no client, which are the administrators'. */
  readonly owner_id: number | null
  readonly client_name: string | null
  readonly plan_name: string | null
  readonly repository_name: string | null
}

/** The fields of a new run that have no default. */
export type RunToAdd = Pick<Insertable<RunRow>, 'kind' | 'trigger' | 'created_at'> & Partial<Omit<Insertable<RunRow>, 'id'>>

/** Which runs a list holds; newest first. */
export interface RunFilter {
  readonly ownerId?: number | undefined
  readonly clientId?: number | undefined
  readonly planId?: number | undefined
  readonly repositoryId?: number | undefined
  readonly states?: readonly RunState[] | undefined
  readonly kinds?: readonly RunKind[] | undefined
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
  /** Only ids below. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Of a plan whose last run to end succeeded. */
const WELL = { failed_run_id: null, failed_since: null }
/** More than any run adds; agents may say anything. */
const ADDED_BYTES_MAX = 2 ** 50

/** Where runs are kept. A state only ever moves forward: every change of it names the state that it leaves. */
export class RunStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Adds a run. Undefined when it would be the second that runs on its client. */
  async add(run: RunToAdd): Promise<StoredRun | undefined> {
    const id = await unlessBusy(async () => (await insertRun(this.#queries, run)).id)
    return id === undefined ? undefined : this.find(id)
  }

  /**
   * Adds a pending run unless one like it waits or runs, of the same plan, or of the same restore to the same client. Undefined then:
   * of several at once, one is added.
   */
  async addUnlessActive(run: RunToAdd & { readonly client_id: number }): Promise<StoredRun | undefined> {
    const id = await this.#queries.transaction().execute(async (transaction) => {
      await (run.plan_id == null ? holdRow(transaction, 'clients', run.client_id) : holdRow(transaction, 'plans', run.plan_id))
      const active = transaction.selectFrom('runs').select('id').where('state', 'in', ['pending', 'running'])
      const alike =
        run.plan_id == null
          ? active
              .where('client_id', '=', run.client_id)
              .where('kind', '=', run.kind)
              .where('request', '=', run.request ?? '{}')
          : active.where('plan_id', '=', run.plan_id)
      return (await alike.executeTakeFirst()) === undefined ? (await insertRun(transaction, run)).id : undefined
    })
    return id === undefined ? undefined : this.find(id)
  }

  async find(id: number): Promise<StoredRun | undefined> {
    return selectRuns(this.#queries).where('runs.id', '=', id).executeTakeFirst()
  }

  async list(filter: RunFilter): Promise<StoredRun[]> {
    let query = selectRuns(this.#queries).orderBy('runs.id', 'desc').limit(filter.limit)
    if (filter.ownerId !== undefined) query = query.where('clients.owner_id', '=', filter.ownerId)
    if (filter.clientId !== undefined) query = query.where('runs.client_id', '=', filter.clientId)
    if (filter.planId !== undefined) query = query.where('runs.plan_id', '=', filter.planId)
    if (filter.repositoryId !== undefined) query = query.where('runs.repository_id', '=', filter.repositoryId)
    const { states, kinds } = filter
    if (states !== undefined) query = query.where(states.every(isUnderWay) ? 'runs.state' : walked<RunState>('runs.state'), 'in', states)
    if (kinds !== undefined) query = query.where(walked<RunKind>('runs.kind'), 'in', kinds)
    if (filter.sinceMs !== undefined) query = query.where('runs.created_at', '>=', filter.sinceMs)
    if (filter.untilMs !== undefined) query = query.where('runs.created_at', '<', filter.untilMs)
    if (filter.before !== undefined) query = query.where('runs.id', '<', filter.before)
    return query.execute()
  }

  /** Runs that changed at or after a time, the earliest change first. */
  async changedSince(sinceMs: number, limit: number): Promise<StoredRun[]> {
    return selectRuns(this.#queries).where('runs.changed_at', '>=', sinceMs).orderBy('runs.changed_at').limit(limit).execute()
  }

  /** What a client carries out now. */
  async runningOf(clientId: number): Promise<StoredRun | undefined> {
    return selectRuns(this.#queries).where('runs.client_id', '=', clientId).where('runs.state', '=', 'running').executeTakeFirst()
  }

  /** Runs of these clients that wait and may begin, oldest first. */
  async waiting(clientIds: readonly number[], now: number): Promise<StoredRun[]> {
    if (clientIds.length === 0) return []
    const ready = selectRuns(this.#queries).where('runs.client_id', 'in', clientIds).where(isReady(now)).where(isInService())
    return ready.orderBy('runs.id').limit(20).execute()
  }

  /** The clients for which something waits and may begin. */
  async waitingClients(now: number): Promise<ReadonlySet<number>> {
    const rows = await this.#queries
      .selectFrom('runs')
      .select('client_id')
      .distinct()
      .where(isReady(now))
      .where('client_id', 'in', (where) => where.selectFrom('clients').select('clients.id').where(isInService()))
      .execute()
    return new Set(rows.map(({ client_id }) => client_id ?? 0))
  }

  /** Whether a plan has a run that has not ended. */
  async isPlanActive(planId: number): Promise<boolean> {
    const row = await this.#queries
      .selectFrom('runs')
      .select('id')
      .where('plan_id', '=', planId)
      .where('state', 'in', ['pending', 'running'])
      .executeTakeFirst()
    return row !== undefined
  }

  async countRunning(): Promise<number> {
    const { count } = await this.#queries
      .selectFrom('runs')
      .select((query) => query.fn.countAll<number>().as('count'))
      .where('state', '=', 'running')
      .where('client_id', 'is not', null)
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /** Hands a pending run to a holder. Undefined when somebody was faster or the client runs something else. */
  async take(
    id: number,
    lease: { readonly holder: string; readonly now: number; readonly untilMs: number },
  ): Promise<StoredRun | undefined> {
    const taken = await unlessBusy(() =>
      this.#queries
        .updateTable('runs')
        .set({ state: 'running', started_at: lease.now, changed_at: lease.now, claim_count: 1 })
        .set({ lease_holder: lease.holder, lease_expires_at: lease.untilMs })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .returning('id')
        .executeTakeFirst(),
    )
    return taken && this.find(id)
  }

  /** Changes a run that is in one of `states`; undefined when it is not any more. */
  async change(
    id: number,
    changes: Updateable<RunRow>,
    where: { readonly states: readonly RunState[]; readonly leaseExpiredAt?: number; readonly holder?: string },
  ): Promise<StoredRun | undefined> {
    let query = this.#queries.updateTable('runs').set(withFigures(changes)).where('id', '=', id).where('state', 'in', where.states)
    if (where.leaseExpiredAt !== undefined) query = query.where('lease_expires_at', '<=', where.leaseExpiredAt)
    if (where.holder !== undefined) query = query.where('lease_holder', '=', where.holder)
    const changed = await query.returning('id').executeTakeFirst()
    return changed && this.find(id)
  }

  /**
   * Ends a running run and, in the same step, notes what that says of its plan and its client: nobody would note it later. Undefined when
   * it does not run any more.
   */
  async end(
    id: number,
    changes: Updateable<RunRow> & { readonly finished_at: number },
    where: { readonly leaseExpiredAt?: number },
  ): Promise<StoredRun | undefined> {
    return this.#queries.transaction().execute(async (transaction) => {
      const store = new RunStore(transaction)
      const ended = await store.change(id, changes, { ...where, states: ['running'] })
      if (ended?.kind === 'backup' && ended.state === 'finished') await store.#recordSuccess(ended, changes.finished_at)
      if (ended?.kind === 'backup' && ended.state === 'error') await store.#recordFailure(ended, changes.finished_at)
      return ended
    })
  }

  /** Notes that those who want to know of the end of a run have been told. */
  async told(id: number): Promise<void> {
    await this.#queries.updateTable('runs').set({ tell_at: null }).where('id', '=', id).execute()
  }

  /** Takes ended runs that nobody was told of by `now`, oldest first; they are given again at `until` unless they are told by then. */
  async takeUntold({ now, until }: { readonly now: number; readonly until: number }): Promise<StoredRun[]> {
    const due = this.#queries.selectFrom('runs').select('id').where('tell_at', '<=', now).orderBy('id').limit(100)
    const taken = this.#queries.updateTable('runs').set({ tell_at: until }).where('id', 'in', due).where('tell_at', '<=', now)
    const ids = (await taken.returning('id').execute()).map(({ id }) => id)
    return ids.length === 0 ? [] : selectRuns(this.#queries).where('runs.id', 'in', ids).orderBy('runs.id').execute()
  }

  /** Whether a later run of the same kind, of the same plan, client or repository, has come to an end that says how things are now. */
  async isOvertaken({ id, kind, plan_id, client_id, repository_id }: StoredRun): Promise<boolean> {
    const later = this.#queries.selectFrom('runs').select('id').where('id', '>', id).where('kind', '=', kind)
    const ended = later.where('state', 'in', ['finished', 'error']).limit(1)
    const alike =
      plan_id !== null
        ? ended.where('plan_id', '=', plan_id)
        : client_id !== null
          ? ended.where('client_id', '=', client_id)
          : ended.where('repository_id', '=', repository_id)
    return (await alike.executeTakeFirst()) !== undefined
  }

  /** Whether a run of a plan was made that does again what another one was to do. */
  async isRetried(id: number, planId: number): Promise<boolean> {
    const retries = this.#queries.selectFrom('runs').select('id').where('plan_id', '=', planId).where('retry_of', '=', id)
    return (await retries.executeTakeFirst()) !== undefined
  }

  /** Running runs whose holder has not been heard of, or has ignored for too long that it shall stop. */
  async abandoned(options: { readonly now: number; readonly cancelledBefore: number }): Promise<StoredRun[]> {
    return selectRuns(this.#queries)
      .where('runs.state', '=', 'running')
      .where((where) =>
        where.or([where('runs.lease_expires_at', '<=', options.now), where('runs.cancel_requested_at', '<=', options.cancelledBefore)]),
      )
      .limit(200)
      .execute()
  }

  /** Pending runs that nobody took in time, and those whose client is gone. */
  async missed(now: number): Promise<StoredRun[]> {
    return selectRuns(this.#queries)
      .where('runs.state', '=', 'pending')
      .where((where) => where.or([where('runs.not_after', '<', now), where('runs.client_id', 'is', null)]))
      .limit(200)
      .execute()
  }

  /** Whether somebody is still signed in as when a stream began: by the session or API token, and with the role that they had. */
  async isSignedIn(
    by: { readonly sessionId: number } | { readonly tokenHash: string },
    { role, now }: { readonly role: Role; readonly now: number },
  ): Promise<boolean> {
    const query =
      'sessionId' in by
        ? this.#queries
            .selectFrom('sessions')
            .innerJoin('users', 'users.id', 'sessions.user_id')
            .where('sessions.id', '=', by.sessionId)
            .where('sessions.expires_at', '>', now)
            .select(['users.role', 'users.is_disabled'])
        : this.#queries
            .selectFrom('api_tokens')
            .innerJoin('users', 'users.id', 'api_tokens.user_id')
            .where('api_tokens.token_hash', '=', by.tokenHash)
            .where((where) => where.or([where('api_tokens.expires_at', 'is', null), where('api_tokens.expires_at', '>', now)]))
            .select(['users.role', 'users.is_disabled'])
    const user = await query.executeTakeFirst()
    return user !== undefined && user.is_disabled === 0 && user.role === role
  }

  /** Brings times back that lie further ahead than they ever should: the clock that they were taken from was set back. */
  async mendTimes({ now, leaseMs, delayMs }: { readonly now: number; readonly leaseMs: number; readonly delayMs: number }): Promise<void> {
    const running = this.#queries.updateTable('runs').where('state', '=', 'running')
    await running
      .set({ lease_expires_at: now + leaseMs })
      .where('lease_expires_at', '>', now + 2 * leaseMs)
      .execute()
    await running
      .set({ cancel_requested_at: now })
      .where('cancel_requested_at', '>', now + leaseMs)
      .execute()
    await this.#queries
      .updateTable('runs')
      .set({ tell_at: now })
      .where('tell_at', '>', now + leaseMs)
      .execute()
    const pending = this.#queries.updateTable('runs').where('state', '=', 'pending')
    await pending
      .set({ not_before: null })
      .where('not_before', '>', now + delayMs)
      .execute()
  }

  /** Removes ended runs with their logs. */
  async purge(endedBefore: number): Promise<void> {
    await this.#queries
      .deleteFrom('runs')
      .where('state', 'in', ['finished', 'error', 'cancelled'])
      .where('finished_at', '<', endedBefore)
      .execute()
  }

  /** Adds lines to a log, in order. */
  async addLog(
    runId: number,
    entries: readonly LogEntry[],
    sizeBytes: number,
  ): Promise<{ readonly id: number; readonly at: number; readonly level: LogLevel; readonly message: string }[]> {
    await this.#queries
      .updateTable('runs')
      .set({ log_bytes: sql`log_bytes + ${sizeBytes}` })
      .where('id', '=', runId)
      .execute()
    const rows = entries.map(({ at, level, message }) => ({ run_id: runId, at: Date.parse(at), level, message }))
    return this.#queries.insertInto('run_logs').values(rows).returningAll().execute()
  }

  /** Lines of the logs of runs after a line, in order. */
  async logLines(
    runIds: readonly number[],
    options: { readonly after: number; readonly limit: number },
  ): Promise<Selectable<Tables['run_logs']>[]> {
    if (runIds.length === 0) return []
    return this.#queries
      .selectFrom('run_logs')
      .selectAll()
      .where('run_id', 'in', runIds)
      .where('id', '>', options.after)
      .orderBy('id')
      .limit(options.limit)
      .execute()
  }

  /** The last lines of a run's log before a line, the newest first. */
  async lastLogLines(
    runId: number,
    options: { readonly before: number | undefined; readonly limit: number },
  ): Promise<Selectable<Tables['run_logs']>[]> {
    let query = this.#queries.selectFrom('run_logs').selectAll().where('run_id', '=', runId).orderBy('id', 'desc').limit(options.limit)
    if (options.before !== undefined) query = query.where('id', '<', options.before)
    return query.execute()
  }

  /** The id of the line that comes `count` lines before the end of a run's log; 0 when there are not so many. */
  async logTail(runId: number, count: number): Promise<number> {
    const row = await this.#queries
      .selectFrom('run_logs')
      .select('id')
      .where('run_id', '=', runId)
      .orderBy('id', 'desc')
      .offset(count)
      .limit(1)
      .executeTakeFirst()
    return row?.id ?? 0
  }

  /** Notes that a plan's backup succeeded: its client has one more, and nothing of the plan is overdue. */
  async #recordSuccess({ id, client_id, plan_id, statistics }: StoredRun, now: number): Promise<void> {
    if (client_id !== null) await this.#queries.updateTable('clients').set({ last_backup_at: now }).where('id', '=', client_id).execute()
    if (plan_id === null) return
    const { errorCount = 0 } = JSON.parse(statistics ?? '{}') as RunStatistics
    await this.#queries
      .updateTable('plans')
      .set({ ...WELL, overdue_at: null, is_overdue: 0, incomplete_run_id: errorCount > 0 ? id : null })
      .where('id', '=', plan_id)
      .execute()
  }

  /** Notes that a plan's backup failed: it has failed since then, unless it had failed already. */
  async #recordFailure({ id, plan_id }: StoredRun, now: number): Promise<void> {
    if (plan_id === null) return
    await this.#queries
      .updateTable('plans')
      .set({ failed_run_id: id, failed_since: sql<number>`coalesce(failed_since, ${sql.lit(now)})`, incomplete_run_id: null })
      .where('id', '=', plan_id)
      .execute()
  }
}

/** Adds a run to the tables, for transactions that change more than runs. */
export async function insertRun(queries: Queries, run: RunToAdd): Promise<{ readonly id: number }> {
  return queries
    .insertInto('runs')
    .values({ state: 'pending', request: '{}', attempt: 1, claim_count: 0, log_bytes: 0, changed_at: run.created_at, ...run })
    .returning('id')
    .executeTakeFirstOrThrow()
}

/** What is summed of statistics has a column of its own. */
function withFigures(changes: Updateable<RunRow>): Updateable<RunRow> {
  if (typeof changes.statistics !== 'string') return changes
  const { addedBytes } = JSON.parse(changes.statistics) as RunStatistics
  return { ...changes, added_bytes: addedBytes === undefined ? null : Math.min(Math.round(addedBytes), ADDED_BYTES_MAX) }
}

function selectRuns(queries: Queries) {
  return queries
    .selectFrom('runs')
    .leftJoin('clients', 'clients.id', 'runs.client_id')
    .leftJoin('plans', 'plans.id', 'runs.plan_id')
    .leftJoin('repositories', 'repositories.id', 'runs.repository_id')
    .selectAll('runs')
    .select(['clients.owner_id', 'clients.name as client_name', 'plans.name as plan_name', 'repositories.name as repository_name'])
}

/**
 * A column that no index is used for. Most runs are of few states and kinds: to take all of one from an index and sort them takes long,
 * while to walk from the newest back finds a page of them at once.
 */
function walked<Value>(column: 'runs.state' | 'runs.kind') {
  return sql<Value>`${sql.ref(column)} || ''`
}

function isUnderWay(state: RunState): boolean {
  return state === 'pending' || state === 'running'
}

function isReady(now: number) {
  return (where: ExpressionBuilder<Tables, 'runs'>) =>
    where.and([
      where('runs.state', '=', 'pending'),
      where.or([where('runs.not_before', 'is', null), where('runs.not_before', '<=', now)]),
      where.or([where('runs.not_after', 'is', null), where('runs.not_after', '>=', now)]),
    ])
}

/** Undefined when the index refuses that a client runs two things at once. */
async function unlessBusy<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action()
  } catch (error) {
    const { code, errcode } = error as { readonly code?: string; readonly errcode?: number }
    // PostgreSQL: unique_violation; SQLite: SQLITE_CONSTRAINT_UNIQUE.
    if (code === '23505' || errcode === 2067) return undefined
    throw error
  }
}
