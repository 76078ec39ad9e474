import type { SnapshotId } from '@holdfast/engine'
import type { RepositoryStatisticsView } from '@holdfast/protocol'
import type { Selectable, Updateable } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { SnapshotRow } from '../clients/tables.ts'
import type { RepositoryTaskRow } from './tables.ts'

/** Which task of which repository. */
export type TaskKey = Pick<RepositoryTaskRow, 'repository_id' | 'kind'>

/** A snapshot of the register that belongs to a client. */
export interface OwnedSnapshot {
  readonly id: number
  readonly snapshot_id: string
  readonly client_id: number
  readonly plan_id: number | null
  readonly is_pinned: number
  /** JSON of what its run has counted. */
  readonly run_statistics: string | null
  /** JSON of the plan that made it, if that is still there. */
  readonly plan_definition: string | null
}

/** What the register alone says of a snapshot of a client. */
export type RegisteredOwnSnapshot = Omit<OwnedSnapshot, 'plan_definition'> &
  Pick<Selectable<SnapshotRow>, 'id' | 'repository_id' | 'time' | 'hostname' | 'paths' | 'size_bytes' | 'added_bytes'>

/** What repositories held is known for five years. */
const HISTORY_MS = 1830 * 86_400_000
/** Below what SQLite takes as parameters of one query. */
const IDS_PER_QUERY = 500

/** Where it is kept what is to be done for repositories, and what snapshots they had when they were looked at. */
export class MaintenanceStore {
  readonly #queries: Database['queries']

  constructor(queries: Database['queries']) {
    this.#queries = queries
  }

  /** Repositories that the server has the key of, with their settings as JSON. */
  async repositories(): Promise<readonly { readonly id: number; readonly maintenance: string }[]> {
    return this.#queries.selectFrom('repositories').select(['id', 'maintenance']).where('has_key', '=', 1).execute()
  }

  async setSettings(repositoryId: number, maintenance: string): Promise<void> {
    await this.#queries.updateTable('repositories').set({ maintenance }).where('id', '=', repositoryId).execute()
  }

  /** Notes what a repository holds, and that it did on the day of the counting. */
  async setStatistics(repositoryId: number, statistics: RepositoryStatisticsView): Promise<void> {
    await this.#queries
      .updateTable('repositories')
      .set({ statistics: JSON.stringify(statistics) })
      .where('id', '=', repositoryId)
      .execute()
    const day = {
      counted_at: Date.parse(statistics.countedAt),
      snapshot_count: statistics.snapshotCount,
      stored_bytes: statistics.storedBytes,
      content_bytes: statistics.contentBytes,
      restore_bytes: statistics.restoreBytes,
      free_bytes: statistics.freeBytes,
    }
    await this.#queries
      .insertInto('repository_history')
      .values({ repository_id: repositoryId, day: statistics.countedAt.slice(0, 10), ...day })
      .onConflict((conflict) => conflict.columns(['repository_id', 'day']).doUpdateSet(day))
      .execute()
    await this.#queries
      .deleteFrom('repository_history')
      .where('repository_id', '=', repositoryId)
      .where('counted_at', '<', day.counted_at - HISTORY_MS)
      .execute()
  }

  /** Every task of every repository. */
  async keys(): Promise<readonly TaskKey[]> {
    return this.#queries.selectFrom('repository_tasks').select(['repository_id', 'kind']).execute()
  }

  async tasks(repositoryId: number): Promise<readonly RepositoryTaskRow[]> {
    return this.#queries.selectFrom('repository_tasks').selectAll().where('repository_id', '=', repositoryId).orderBy('kind').execute()
  }

  async find(key: TaskKey): Promise<RepositoryTaskRow | undefined> {
    return this.#queries
      .selectFrom('repository_tasks')
      .selectAll()
      .where('repository_id', '=', key.repository_id)
      .where('kind', '=', key.kind)
      .executeTakeFirst()
  }

  /** Adds a task; one that is there stays as it is. */
  async add(key: TaskKey, dueAt: number | null): Promise<void> {
    const nothing = { not_before: null, request: null, started_at: null, succeeded_at: null, error: null }
    const noRun = { run_id: null, damage: null, memory: null }
    await this.#queries
      .insertInto('repository_tasks')
      .values({ repository_id: key.repository_id, kind: key.kind, due_at: dueAt, ...nothing, ...noRun })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  /** What is to be done now, the longest due first. */
  async due(now: number): Promise<readonly RepositoryTaskRow[]> {
    return this.#queries
      .selectFrom('repository_tasks')
      .selectAll()
      .where((row) => row.or([row('due_at', '<=', now), row('request', 'is not', null)]))
      .where((row) => row.or([row('not_before', 'is', null), row('not_before', '<=', now)]))
      .orderBy('due_at')
      .limit(200)
      .execute()
  }

  async change({ repository_id, kind }: TaskKey, changes: Updateable<RepositoryTaskRow>): Promise<void> {
    await this.#queries
      .updateTable('repository_tasks')
      .set(changes)
      .where('repository_id', '=', repository_id)
      .where('kind', '=', kind)
      .execute()
  }

  /** Asks for something, unless something else than `before` has been asked for meanwhile; says whether it did. */
  async ask(
    { repository_id, kind }: TaskKey,
    { request, before }: { readonly request: string; readonly before: string | null },
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#queries
      .updateTable('repository_tasks')
      .set({ request, not_before: null })
      .where('repository_id', '=', repository_id)
      .where('kind', '=', kind)
      .where('request', before === null ? 'is' : '=', before)
      .executeTakeFirstOrThrow()
    return numUpdatedRows > 0n
  }

  /** Takes back what was asked for, unless something else has been asked for meanwhile. */
  async settleRequest({ repository_id, kind, request }: Pick<RepositoryTaskRow, 'repository_id' | 'kind' | 'request'>): Promise<void> {
    if (request === null) return
    await this.#queries
      .updateTable('repository_tasks')
      .set({ request: null })
      .where('repository_id', '=', repository_id)
      .where('kind', '=', kind)
      .where('request', '=', request)
      .execute()
  }

  /** Has a task done at `dueAt` at the latest. */
  async hasten({ repository_id, kind }: TaskKey, dueAt: number): Promise<void> {
    await this.#queries
      .updateTable('repository_tasks')
      .set({ due_at: dueAt })
      .where('repository_id', '=', repository_id)
      .where('kind', '=', kind)
      .where('due_at', '>', dueAt)
      .execute()
  }

  /** The snapshots of clients that a repository has, with what retention needs to know. */
  async ownedSnapshots(repositoryId: number): Promise<readonly OwnedSnapshot[]> {
    const rows = await this.#queries
      .selectFrom('snapshots')
      .leftJoin('runs', 'runs.id', 'snapshots.run_id')
      .leftJoin('plans', (join) => join.onRef('plans.id', '=', 'snapshots.plan_id').onRef('plans.client_id', '=', 'snapshots.client_id'))
      .select(['snapshots.id', 'snapshots.snapshot_id', 'snapshots.client_id', 'snapshots.plan_id', 'snapshots.is_pinned'])
      .select(['runs.statistics as run_statistics', 'plans.definition as plan_definition'])
      .where('snapshots.repository_id', '=', repositoryId)
      .where('snapshots.client_id', 'is not', null)
      .execute()
    return rows.map((row) => ({ ...row, client_id: row.client_id ?? 0 }))
  }

  /** The newest snapshots of a client, or of one of its plans, in all repositories. */
  async snapshotsOfClient(
    clientId: number,
    { planId, limit }: { readonly planId: number | undefined; readonly limit: number },
  ): Promise<readonly RegisteredOwnSnapshot[]> {
    let query = this.#queries
      .selectFrom('snapshots')
      .leftJoin('runs', 'runs.id', 'snapshots.run_id')
      .select(['snapshots.id', 'snapshots.snapshot_id', 'snapshots.repository_id', 'snapshots.plan_id', 'snapshots.is_pinned'])
      .select(['snapshots.time', 'snapshots.hostname', 'snapshots.paths', 'snapshots.size_bytes', 'snapshots.added_bytes'])
      .select('runs.statistics as run_statistics')
      .where('snapshots.client_id', '=', clientId)
      .orderBy('snapshots.time', 'desc')
      .orderBy('snapshots.id', 'desc')
      .limit(limit)
    if (planId !== undefined) query = query.where('snapshots.plan_id', '=', planId)
    return (await query.execute()).map((row) => ({ ...row, client_id: clientId }))
  }

  /** The definitions of a client's plans in JSON, by the ids of the plans. */
  async definitionsOfClient(clientId: number): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#queries.selectFrom('plans').select(['id', 'definition']).where('client_id', '=', clientId).execute()
    return new Map(rows.map(({ id, definition }) => [id, definition]))
  }

  /** A plan, its definition in JSON, with whose it is. */
  async plan(id: number): Promise<{ readonly client_id: number; readonly definition: string; readonly owner_id: number } | undefined> {
    return this.#queries
      .selectFrom('plans')
      .innerJoin('clients', 'clients.id', 'plans.client_id')
      .select(['plans.client_id', 'plans.definition', 'clients.owner_id'])
      .where('plans.id', '=', id)
      .executeTakeFirst()
  }

  /** Says that snapshots are about to be forgotten, and which of them are: none that has been pinned meanwhile. */
  async beginForgetting(ids: readonly number[]): Promise<ReadonlySet<number>> {
    const leaving = new Set<number>()
    for (let first = 0; first < ids.length; first += IDS_PER_QUERY) {
      const rows = await this.#queries
        .updateTable('snapshots')
        .set({ is_leaving: 1 })
        .where('id', 'in', ids.slice(first, first + IDS_PER_QUERY))
        .where('is_pinned', '=', 0)
        .returning('id')
        .execute()
      for (const { id } of rows) leaving.add(id)
    }
    return leaving
  }

  /** Takes back what {@link beginForgetting} said of the snapshots that are still there, also what one that has died has said. */
  async endForgetting(repositoryId: number): Promise<void> {
    await this.#queries
      .updateTable('snapshots')
      .set({ is_leaving: 0 })
      .where('repository_id', '=', repositoryId)
      .where('is_leaving', '=', 1)
      .execute()
  }

  /** All snapshots of the register, by the repository's names of them. */
  async registered(repositoryId: number): Promise<ReadonlyMap<string, { readonly size_bytes: number | null }>> {
    const rows = await this.#queries
      .selectFrom('snapshots')
      .select(['snapshot_id', 'size_bytes'])
      .where('repository_id', '=', repositoryId)
      .execute()
    return new Map(rows.map((row) => [row.snapshot_id, row]))
  }

  /** Notes a snapshot that is nobody's yet; one that is noted stays as it is. */
  async addSnapshot(snapshot: Omit<Selectable<SnapshotRow>, 'id' | 'is_leaving'>): Promise<void> {
    await this.#queries
      .insertInto('snapshots')
      .values(snapshot)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  /**
   * Gives the row of a client's snapshot that is gone from the repository to the same one under another name, which it has when its tags
   * were changed: what refers to the row goes on to be right. False where there is none that is nobody's.
   */
  async follow(repositoryId: number, gone: string): Promise<boolean> {
    return this.#queries.transaction().execute(async (transaction) => {
      const inRepository = transaction.selectFrom('snapshots').selectAll().where('repository_id', '=', repositoryId)
      const former = await inRepository.where('snapshot_id', '=', gone).where('client_id', 'is not', null).executeTakeFirst()
      if (former === undefined) return false
      const heir = await inRepository
        .where('client_id', 'is', null)
        .where('tree_id', '=', former.tree_id)
        .where('time', '=', former.time)
        .where('hostname', '=', former.hostname)
        .where('paths', '=', former.paths)
        .executeTakeFirst()
      if (heir === undefined) return false
      await transaction.deleteFrom('snapshots').where('id', '=', heir.id).execute()
      const { snapshot_id, tags } = heir
      await transaction.updateTable('snapshots').set({ snapshot_id, tags }).where('id', '=', former.id).execute()
      return true
    })
  }

  async setSize(repositoryId: number, snapshotId: SnapshotId, size: { readonly bytes: number; readonly files: number }): Promise<void> {
    await this.#queries
      .updateTable('snapshots')
      .set({ size_bytes: size.bytes, file_count: size.files })
      .where('repository_id', '=', repositoryId)
      .where('snapshot_id', '=', snapshotId)
      .execute()
  }

  /** Takes snapshots out of the register that are not in the repository any more. */
  async removeSnapshots(repositoryId: number, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += IDS_PER_QUERY) {
      await this.#queries
        .deleteFrom('snapshots')
        .where('repository_id', '=', repositoryId)
        .where('snapshot_id', 'in', ids.slice(from, from + IDS_PER_QUERY))
        .execute()
    }
  }
}
