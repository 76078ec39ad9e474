import { type ExpressionBuilder, type ExpressionWrapper, type Selectable, type SqlBool, sql, type Transaction } from 'kysely'
import type { Database, DatabaseKind } from '../../db/database.ts'
import type { Tables } from '../../db/schema.ts'
import { letOthersRun } from '../snapshots/let-others-run.ts'
import type { SearchSeriesRow, SearchSnapshotRow, SearchVersionRow } from './tables.ts'

/** Ids of names are `client_key` times this, and a number. Both together stay below 2^53. */
export const NAMES_PER_CLIENT = 2 ** 32
/** The last snapshot of versions that the newest one of the series holds. */
export const OPEN_SEQ = 2_147_483_647

/** A snapshot of the register that has to be taken in. */
export interface PendingSnapshot {
  readonly id: number
  readonly repositoryId: number
  /** 0 for none. */
  readonly clientKey: number
  readonly planId: number | null
  readonly hostname: string
  readonly paths: string
  readonly treeId: string
}

/** A snapshot of the index that has left the register, or belongs to another client now, or holds another tree. */
export type GoneSnapshot = Pick<Selectable<SearchSnapshotRow>, 'snapshot_id' | 'series_id' | 'seq'>

/** One file whose version begins or ends with a snapshot. */
export interface VersionChange {
  readonly folderPath: string
  readonly folderHash: number
  readonly name: string
  readonly folded: string
  /** Undefined where it is not there any more. */
  readonly version: Pick<SearchVersionRow, 'kind' | 'size_bytes' | 'modified_at'> | undefined
  /** Whether the snapshot before has it. */
  readonly wasThere: boolean
}

/** Which series and number changes belong to. */
export interface SeriesPlace {
  readonly seriesId: number
  readonly clientKey: number
  readonly seq: number
  readonly snapshotId: number
}

/** The snapshots in the index just before and after one, of those that are still there. */
export interface Neighbours {
  /** 0 for none. */
  readonly before: number
  /** Undefined for none: the snapshot is the newest. */
  readonly after: number | undefined
}

type Condition = (where: ExpressionBuilder<Tables, 'search_versions'>) => ExpressionWrapper<Tables, 'search_versions', SqlBool>
type Connection = Transaction<Tables>

const REMOVED_AT_ONCE = 500

/** What keeps the index of files up to date. One indexer at a time writes to what is a client's. */
export class IndexStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Snapshots that are not, or not wholly, in the index and may be tried now, oldest first. */
  async pending(options: { readonly now: number; readonly limit: number }): Promise<readonly PendingSnapshot[]> {
    const rows = await this.#database.queries
      .selectFrom('snapshots')
      .leftJoin('search_snapshots', 'search_snapshots.snapshot_id', 'snapshots.id')
      .leftJoin('search_failures', 'search_failures.snapshot_id', 'snapshots.id')
      .select(['snapshots.id', 'repository_id', 'client_id', 'plan_id', 'hostname', 'paths', 'snapshots.tree_id'])
      .where((where) => where.or([where('search_snapshots.is_done', 'is', null), where('search_snapshots.is_done', '=', 0)]))
      .where((where) => where.or([where('search_failures.retry_at', 'is', null), where('search_failures.retry_at', '<=', options.now)]))
      .orderBy('snapshots.time')
      .orderBy('snapshots.id')
      .limit(options.limit)
      .execute()
    return rows.map((row) => ({
      id: row.id,
      repositoryId: row.repository_id,
      clientKey: row.client_id ?? 0,
      planId: row.plan_id,
      hostname: row.hostname,
      paths: row.paths,
      treeId: row.tree_id,
    }))
  }

  async gone(limit: number): Promise<readonly GoneSnapshot[]> {
    return this.#database.queries
      .selectFrom('search_snapshots')
      .innerJoin('search_series', 'search_series.id', 'search_snapshots.series_id')
      .leftJoin('snapshots', 'snapshots.id', 'search_snapshots.snapshot_id')
      .select(['search_snapshots.snapshot_id', 'search_snapshots.series_id', 'search_snapshots.seq'])
      .where((where) =>
        where.or([
          where('snapshots.id', 'is', null),
          where(sql`coalesce(snapshots.client_id, 0)`, '!=', where.ref('search_series.client_key')),
          where('snapshots.tree_id', '!=', where.ref('search_snapshots.tree_id')),
        ]),
      )
      .orderBy('search_snapshots.series_id')
      .orderBy('search_snapshots.seq', 'desc')
      .limit(limit)
      .execute()
  }

  /** The place of a snapshot in its series: the one it has, or the next one. */
  async place(snapshot: PendingSnapshot, line: string): Promise<SeriesPlace & { readonly resumePath: string | null }> {
    const { id: snapshotId, clientKey, repositoryId, treeId } = snapshot
    return this.#database.queries.transaction().execute(async (transaction) => {
      const known = await transaction.selectFrom('search_snapshots').selectAll().where('snapshot_id', '=', snapshotId).executeTakeFirst()
      if (known !== undefined) return { seriesId: known.series_id, clientKey, seq: known.seq, snapshotId, resumePath: known.resume_path }
      const series = await seriesOf(transaction, { repository_id: repositoryId, client_key: clientKey, line })
      const { next_seq: seq, id: seriesId } = series
      await transaction
        .updateTable('search_series')
        .set({ next_seq: seq + 1 })
        .where('id', '=', seriesId)
        .execute()
      const row = { snapshot_id: snapshotId, series_id: seriesId, seq, tree_id: treeId, is_done: 0, resume_path: null }
      await transaction.insertInto('search_snapshots').values(row).execute()
      return { seriesId, clientKey, seq, snapshotId, resumePath: null }
    })
  }

  /** The snapshot of a series that is not wholly in the index. */
  async halfOf(seriesId: number): Promise<GoneSnapshot | undefined> {
    return this.#database.queries
      .selectFrom('search_snapshots')
      .select(['snapshot_id', 'series_id', 'seq'])
      .where('series_id', '=', seriesId)
      .where('is_done', '=', 0)
      .limit(1)
      .executeTakeFirst()
  }

  /** The same for the series that a snapshot belongs to. */
  async halfOfLine({ repositoryId, clientKey }: PendingSnapshot, line: string): Promise<GoneSnapshot | undefined> {
    const series = await this.#database.queries
      .selectFrom('search_series')
      .select('id')
      .where('repository_id', '=', repositoryId)
      .where('client_key', '=', clientKey)
      .where('line', '=', line)
      .executeTakeFirst()
    return series && this.halfOf(series.id)
  }

  /** The newest snapshot of a series before `seq`, with the tree that open versions describe. */
  async newestBefore(seriesId: number, seq: number): Promise<Selectable<SearchSnapshotRow> | undefined> {
    return this.#database.queries
      .selectFrom('search_snapshots')
      .selectAll()
      .where('series_id', '=', seriesId)
      .where('seq', '<', seq)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
  }

  async neighbours({ seriesId, seq }: Pick<SeriesPlace, 'seriesId' | 'seq'>): Promise<Neighbours> {
    const after = await this.#database.queries
      .selectFrom('search_snapshots')
      .select('seq')
      .where('series_id', '=', seriesId)
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst()
    return { before: (await this.newestBefore(seriesId, seq))?.seq ?? 0, after: after?.seq }
  }

  /** Where a snapshot is in the index; undefined while it is not wholly in it. */
  async find(snapshotId: number): Promise<Pick<SeriesPlace, 'seriesId' | 'seq'> | undefined> {
    return this.#database.queries
      .selectFrom('search_snapshots')
      .select(['series_id as seriesId', 'seq'])
      .where('snapshot_id', '=', snapshotId)
      .where('is_done', '=', 1)
      .executeTakeFirst()
  }

  /** Writes down a batch of changes, and how far the snapshot is in the index by that. Again has the same effect as once. */
  async apply(place: SeriesPlace, changes: readonly VersionChange[], resumePath: string): Promise<void> {
    await this.#database.queries.transaction().execute(async (transaction) => {
      const names = await nameIds(transaction, { changes, clientKey: place.clientKey, kind: this.#database.kind })
      const folders = await folderIds(transaction, changes, place.clientKey)
      const located = changes.flatMap((change) => {
        const [nameId, folderId] = [names.get(change.name), folders.get(change.folderPath)]
        return nameId === undefined || folderId === undefined ? [] : [{ ...change, nameId, folderId }]
      })
      await endVersions(
        transaction,
        place,
        located.filter(({ wasThere }) => wasThere),
      )
      const begun = located.flatMap(({ nameId, folderId, version }) => {
        if (version === undefined) return []
        return [{ ...version, name_id: nameId, folder_id: folderId, series_id: place.seriesId, first_seq: place.seq, last_seq: OPEN_SEQ }]
      })
      if (begun.length > 0) {
        await transaction
          .insertInto('search_versions')
          .values(begun)
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
      const state = { resume_path: resumePath }
      await transaction.updateTable('search_snapshots').set(state).where('snapshot_id', '=', place.snapshotId).execute()
    })
  }

  async finish(snapshotId: number): Promise<void> {
    await this.#database.queries.transaction().execute(async (transaction) => {
      const done = { is_done: 1, resume_path: null }
      await transaction.updateTable('search_snapshots').set(done).where('snapshot_id', '=', snapshotId).execute()
      await transaction.deleteFrom('search_failures').where('snapshot_id', '=', snapshotId).execute()
    })
  }

  /** Writes down that a snapshot could not be taken in; `retryAt` is told how often that has happened now. */
  async postpone(snapshotId: number, retryAt: (failures: number) => number): Promise<void> {
    await this.#database.queries.transaction().execute(async (transaction) => {
      const known = await transaction
        .selectFrom('search_failures')
        .select('failures')
        .where('snapshot_id', '=', snapshotId)
        .executeTakeFirst()
      const failures = (known?.failures ?? 0) + 1
      await transaction.deleteFrom('search_failures').where('snapshot_id', '=', snapshotId).execute()
      await transaction
        .insertInto('search_failures')
        .values({ snapshot_id: snapshotId, failures, retry_at: retryAt(failures) })
        .execute()
    })
  }

  /** File versions that only this snapshot holds, and their bytes. */
  async countOnlyIn({
    seriesId,
    seq,
  }: Pick<SeriesPlace, 'seriesId' | 'seq'>): Promise<{ readonly count: number; readonly sizeBytes: number }> {
    const conditions = onlyIn(seriesId, await this.neighbours({ seriesId, seq }))
    let [count, sizeBytes] = [0, 0]
    for (const condition of conditions) {
      const sums = await this.#database.queries
        .selectFrom('search_versions')
        .select((select) => [select.fn.countAll<number>().as('count'), select.fn.sum<number | null>('size_bytes').as('bytes')])
        .where(condition)
        .where('kind', '=', 0)
        .executeTakeFirstOrThrow()
      count += Number(sums.count)
      sizeBytes += Number(sums.bytes ?? 0)
    }
    return { count, sizeBytes }
  }

  /**
   * Takes a snapshot out: the versions that no other one holds go, and where it was the newest, those that the one before holds are open
   * again. In steps; when it is cut short, it can be begun again.
   */
  async remove(snapshot: GoneSnapshot, signal: AbortSignal): Promise<void> {
    const { series_id: seriesId, seq, snapshot_id: snapshotId } = snapshot
    const neighbours = await this.neighbours({ seriesId, seq })
    for (const condition of onlyIn(seriesId, neighbours)) {
      await this.#inSteps(condition, signal, async (transaction, nameIds) => {
        await transaction.deleteFrom('search_versions').where('name_id', 'in', nameIds).where(condition).execute()
        await removeUnusedNames(transaction, nameIds, this.#database.kind)
      })
    }
    if (neighbours.after === undefined && neighbours.before > 0) {
      const reopened: Condition = (where) =>
        where.and([
          where('series_id', '=', seriesId),
          where('last_seq', '>=', neighbours.before),
          where('last_seq', '<', OPEN_SEQ),
          where('first_seq', '<=', neighbours.before),
        ])
      await this.#inSteps(reopened, signal, async (transaction, nameIds) => {
        await transaction
          .updateTable('search_versions')
          .set({ last_seq: OPEN_SEQ })
          .where('name_id', 'in', nameIds)
          .where(reopened)
          .execute()
      })
    }
    await this.#database.queries.deleteFrom('search_snapshots').where('snapshot_id', '=', snapshotId).execute()
    await this.#removeIfEmpty(seriesId)
  }

  /** Calls `step` with the names of versions that fit, some at a time, until none does. */
  async #inSteps(
    condition: Condition,
    signal: AbortSignal,
    step: (transaction: Connection, nameIds: readonly number[]) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      await letOthersRun()
      const isOver = await this.#database.queries.transaction().execute(async (transaction) => {
        const rows = await transaction.selectFrom('search_versions').select('name_id').where(condition).limit(REMOVED_AT_ONCE).execute()
        const nameIds = [...new Set(rows.map(({ name_id: id }) => id))]
        if (nameIds.length > 0) await step(transaction, nameIds)
        return nameIds.length === 0
      })
      if (isOver) return
    }
  }

  async #removeIfEmpty(seriesId: number): Promise<void> {
    await this.#database.queries.transaction().execute(async (transaction) => {
      const left = await transaction
        .selectFrom('search_snapshots')
        .select('seq')
        .where('series_id', '=', seriesId)
        .limit(1)
        .executeTakeFirst()
      if (left !== undefined) return
      const series = await transaction.deleteFrom('search_series').where('id', '=', seriesId).returning('client_key').executeTakeFirst()
      if (series === undefined) return
      const { client_key: clientKey } = series
      const other = await transaction
        .selectFrom('search_series')
        .select('id')
        .where('client_key', '=', clientKey)
        .limit(1)
        .executeTakeFirst()
      if (other === undefined) await transaction.deleteFrom('search_folders').where('client_key', '=', clientKey).execute()
    })
  }
}

/** The versions that are in no snapshot but those between two neighbours. Two conditions, each a range of an index. */
function onlyIn(seriesId: number, { before, after }: Neighbours): readonly Condition[] {
  const ended: Condition = (where) =>
    where.and([
      where('series_id', '=', seriesId),
      where('last_seq', '>', before),
      where('last_seq', '<', after ?? OPEN_SEQ),
      where('first_seq', '>', before),
    ])
  if (after !== undefined) return [ended]
  const open: Condition = (where) =>
    where.and([where('series_id', '=', seriesId), where('last_seq', '=', OPEN_SEQ), where('first_seq', '>', before)])
  return [ended, open]
}

async function seriesOf(
  transaction: Connection,
  key: Pick<SearchSeriesRow, 'repository_id' | 'client_key' | 'line'>,
): Promise<Pick<SearchSeriesRow, 'id' | 'next_seq'>> {
  const known = await transaction
    .selectFrom('search_series')
    .select(['id', 'next_seq'])
    .where('repository_id', '=', key.repository_id)
    .where('client_key', '=', key.client_key)
    .where('line', '=', key.line)
    .executeTakeFirst()
  if (known !== undefined) return known
  const { last } = await transaction
    .selectFrom('search_series')
    .select((select) => select.fn.max('id').as('last'))
    .executeTakeFirstOrThrow()
  const series = { ...key, id: Number(last ?? 0) + 1, next_seq: 1 }
  await transaction.insertInto('search_series').values(series).execute()
  return series
}

async function nameIds(
  transaction: Connection,
  options: { readonly changes: readonly VersionChange[]; readonly clientKey: number; readonly kind: DatabaseKind },
): Promise<ReadonlyMap<string, number>> {
  const { changes, clientKey, kind } = options
  const wanted = new Map(changes.map(({ name, folded }) => [name, folded]))
  const rows = await transaction
    .selectFrom('search_names')
    .select(['id', 'name'])
    .where('client_key', '=', clientKey)
    .where('folded', 'in', [...new Set(wanted.values())])
    .execute()
  const ids = new Map(rows.map(({ id, name }) => [name, id]))
  const missing = [...wanted].filter(([name]) => !ids.has(name))
  if (missing.length === 0) return ids
  const { last } = await transaction
    .selectFrom('search_names')
    .select((select) => select.fn.max('id').as('last'))
    .where('id', '>=', clientKey * NAMES_PER_CLIENT)
    .where('id', '<', (clientKey + 1) * NAMES_PER_CLIENT)
    .executeTakeFirstOrThrow()
  const first = Number(last ?? clientKey * NAMES_PER_CLIENT) + 1
  const added = missing.map(([name, folded], index) => ({ id: first + index, client_key: clientKey, name, folded }))
  await transaction.insertInto('search_names').values(added).execute()
  for (const { id, name } of added) ids.set(name, id)
  if (kind === 'sqlite') {
    const rows = added.map(({ id, folded }) => sql`(${id}, ${folded})`)
    await sql`insert into search_trigrams (rowid, folded) values ${sql.join(rows)}`.execute(transaction)
  }
  return ids
}

async function folderIds(
  transaction: Connection,
  changes: readonly VersionChange[],
  clientKey: number,
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Map(changes.map(({ folderPath, folderHash }) => [folderPath, folderHash]))
  const rows = await transaction
    .selectFrom('search_folders')
    .select(['id', 'path'])
    .where('client_key', '=', clientKey)
    .where('path_hash', 'in', [...new Set(wanted.values())])
    .execute()
  const ids = new Map(rows.map(({ id, path }) => [path, id]))
  const missing = [...wanted].filter(([path]) => !ids.has(path))
  if (missing.length === 0) return ids
  const { last } = await transaction
    .selectFrom('search_folders')
    .select((select) => select.fn.max('id').as('last'))
    .where('id', '>=', clientKey * NAMES_PER_CLIENT)
    .where('id', '<', (clientKey + 1) * NAMES_PER_CLIENT)
    .executeTakeFirstOrThrow()
  const first = Number(last ?? clientKey * NAMES_PER_CLIENT) + 1
  const added = missing.map(([path, path_hash], index) => ({ id: first + index, client_key: clientKey, path_hash, path }))
  await transaction.insertInto('search_folders').values(added).execute()
  for (const { id, path } of added) ids.set(path, id)
  return ids
}

/** Versions that the snapshot does not hold any more end with the number before. */
async function endVersions(
  transaction: Connection,
  { seriesId, seq }: SeriesPlace,
  ended: readonly { readonly nameId: number; readonly folderId: number }[],
): Promise<void> {
  const byFolder = Map.groupBy(ended, ({ folderId }) => folderId)
  for (const [folderId, files] of byFolder) {
    await transaction
      .updateTable('search_versions')
      .set({ last_seq: seq - 1 })
      .where('folder_id', '=', folderId)
      .where(
        'name_id',
        'in',
        files.map(({ nameId }) => nameId),
      )
      .where('series_id', '=', seriesId)
      .where('last_seq', '=', OPEN_SEQ)
      .where('first_seq', '<', seq)
      .execute()
  }
}

async function removeUnusedNames(transaction: Connection, ids: readonly number[], kind: DatabaseKind): Promise<void> {
  const removed = await transaction
    .deleteFrom('search_names')
    .where('id', 'in', ids)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('search_versions').select('name_id').whereRef('search_versions.name_id', '=', 'search_names.id'))),
    )
    .returning('id')
    .execute()
  if (kind !== 'sqlite' || removed.length === 0) return
  const list = sql.join(removed.map(({ id }) => sql`${id}`))
  await sql`delete from search_trigrams where rowid in (${list})`.execute(transaction)
}
