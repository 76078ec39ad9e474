import { type Selectable, type SqlBool, sql } from 'kysely'
import type { DatabaseKind, Queries } from '../../db/database.ts'
import { NAMES_PER_CLIENT } from './index-store.ts'
import type { NamePattern } from './search-text.ts'
import type { SearchNameRow, SearchVersionRow } from './tables.ts'

/** A range of ids of names: those of one client, or of all. */
export interface NameRange {
  /** Undefined for all. */
  readonly clientKey: number | undefined
  /** Ids greater than this. */
  readonly after: number
}

/** Names that fit, and where to go on: undefined when there are no more in the range. */
export interface NameMatches {
  readonly names: readonly Pick<SearchNameRow, 'id'>[]
  readonly next: number | undefined
}

/** By what a file of a client is found: addresses, and what they are looked up by. */
export interface FileKey {
  readonly clientKey: number
  readonly folder: string
  readonly folderHash: number
  readonly name: string
  readonly folded: string
}

/** A snapshot in the index: its number in its series, and when it was made. */
export interface IndexedSnapshot {
  readonly id: number
  readonly seriesId: number
  readonly seq: number
  readonly time: number
}

/** Names that are looked through at once, without an index. */
const WINDOW_NAMES = 5_000
/** Fewer matches than this among them: one name in 500, so that even millions of names hold few enough to be sorted at once. */
const RARE_MATCHES = 10

/** What searches ask of the index of files. */
export class SearchStore {
  readonly #queries: Queries
  readonly #kind: DatabaseKind
  #hasTrigrams: Promise<boolean> | undefined

  constructor(queries: Queries, kind: DatabaseKind) {
    this.#queries = queries
    this.#kind = kind
  }

  /**
   * Some names that fit, in the order of their ids, `limit` at most. SQLite finds them by their trigrams in that order, and stops where it
   * has enough. PostgreSQL has to find all before it can sort them, which takes long where many names fit: so a stretch is looked through
   * first, one by one, and trigrams are used where few fit.
   */
  async matchNames(pattern: NamePattern, range: NameRange, limit: number): Promise<NameMatches> {
    const hasFragments = pattern.fragments.length > 0
    if (hasFragments && this.#kind === 'sqlite') return this.#matchBySqliteTrigrams(pattern, range, limit)
    const stretch = await this.#matchOneByOne(pattern, range, limit)
    const isRare = stretch.names.length < RARE_MATCHES
    if (stretch.next === undefined || stretch.names.length >= limit || !hasFragments || !isRare) return stretch
    if (!(await this.#canUseTrigrams())) return stretch
    const rest = await this.#matchByPostgresTrigrams(pattern, { ...range, after: stretch.next }, limit - stretch.names.length)
    return { names: [...stretch.names, ...rest.names], next: rest.next }
  }

  /** Versions of files of that name, by folder, series and number; of folders after the given one. */
  async versionsOfName(
    nameId: number,
    page: { readonly afterFolder: number; readonly limit: number },
  ): Promise<Selectable<SearchVersionRow>[]> {
    return this.#queries
      .selectFrom('search_versions')
      .selectAll()
      .where('name_id', '=', nameId)
      .where('folder_id', '>', page.afterFolder)
      .orderBy('name_id')
      .orderBy('folder_id')
      .orderBy('series_id')
      .orderBy('first_seq')
      .limit(page.limit)
      .execute()
  }

  /** Versions of one file of a client, those that ended last first. */
  async versionsOfFile(file: FileKey, limit: number): Promise<Selectable<SearchVersionRow>[]> {
    return this.#queries
      .selectFrom('search_names')
      .innerJoin('search_versions', 'search_versions.name_id', 'search_names.id')
      .innerJoin('search_folders', 'search_folders.id', 'search_versions.folder_id')
      .selectAll('search_versions')
      .where('search_names.client_key', '=', file.clientKey)
      .where('search_names.folded', '=', file.folded)
      .where('search_names.name', '=', file.name)
      .where('search_folders.client_key', '=', file.clientKey)
      .where('search_folders.path_hash', '=', file.folderHash)
      .where('search_folders.path', '=', file.folder)
      .orderBy('last_seq', 'desc')
      .orderBy('first_seq', 'desc')
      .limit(limit)
      .execute()
  }

  async names(ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#queries.selectFrom('search_names').select(['id', 'name']).where('id', 'in', ids).execute()
    return new Map(rows.map(({ id, name }) => [id, name]))
  }

  async folderPaths(ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#queries.selectFrom('search_folders').select(['id', 'path']).where('id', 'in', ids).execute()
    return new Map(rows.map(({ id, path }) => [id, path]))
  }

  /** The snapshots of series that are wholly in the index and still in the register, in the order of their numbers. */
  async snapshotsOfSeries(seriesIds: readonly number[]): Promise<readonly IndexedSnapshot[]> {
    if (seriesIds.length === 0) return []
    return this.#queries
      .selectFrom('search_snapshots')
      .innerJoin('snapshots', 'snapshots.id', 'search_snapshots.snapshot_id')
      .select(['snapshots.id as id', 'search_snapshots.series_id as seriesId', 'search_snapshots.seq as seq', 'snapshots.time as time'])
      .where('search_snapshots.series_id', 'in', seriesIds)
      .where('search_snapshots.is_done', '=', 1)
      .orderBy('search_snapshots.series_id')
      .orderBy('search_snapshots.seq')
      .execute()
  }

  /** Clients with their names: of an owner, or all. */
  async clients(ownerId: number | undefined): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#queries
      .selectFrom('clients')
      .select(['id', 'name'])
      .$if(ownerId !== undefined, (query) => query.where('owner_id', '=', ownerId ?? 0))
      .orderBy('id')
      .execute()
    return new Map(rows.map(({ id, name }) => [id, name]))
  }

  /** Snapshots of these clients, or of all, that are not in the index yet. */
  async countPending(clientIds: readonly number[] | undefined): Promise<number> {
    if (clientIds?.length === 0) return 0
    const { count } = await this.#queries
      .selectFrom('snapshots')
      .leftJoin('search_snapshots', 'search_snapshots.snapshot_id', 'snapshots.id')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where((where) => where.or([where('search_snapshots.is_done', 'is', null), where('search_snapshots.is_done', '=', 0)]))
      .$if(clientIds !== undefined, (query) => query.where('snapshots.client_id', 'in', clientIds ?? []))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  async #matchBySqliteTrigrams(pattern: NamePattern, range: NameRange, limit: number): Promise<NameMatches> {
    const match = pattern.fragments.map((fragment) => `"${fragment.replaceAll('"', '""')}"`).join(' AND ')
    const found = await sql<Pick<SearchNameRow, 'id'>>`
      select search_names.id as id
      from search_trigrams cross join search_names on search_names.id = search_trigrams.rowid
      where search_trigrams match ${match} and search_trigrams.rowid > ${range.after} and search_trigrams.rowid < ${endOf(range)}
        and search_names.folded like ${pattern.like} escape '!'
      order by search_trigrams.rowid limit ${limit}`.execute(this.#queries)
    return matches(found.rows, limit)
  }

  async #matchByPostgresTrigrams(pattern: NamePattern, range: NameRange, limit: number): Promise<NameMatches> {
    const ofClient = range.clientKey === undefined ? sql<SqlBool>`true` : sql<SqlBool>`client_key = ${range.clientKey}`
    const found = await sql<Pick<SearchNameRow, 'id'>>`
      with hits as materialized (
        select id from search_names where ${ofClient} and folded like ${pattern.like} escape '!')
      select id from hits where id > ${range.after} order by id limit ${limit}`.execute(this.#queries)
    return matches(found.rows, limit)
  }

  async #matchOneByOne(pattern: NamePattern, range: NameRange, limit: number): Promise<NameMatches> {
    const within = sql`from search_names where id > ${range.after} and id < ${endOf(range)} order by id limit ${WINDOW_NAMES}`
    const ends = await sql<{ readonly last: number | null; readonly count: number }>`
      with stretch as materialized (select id ${within}) select max(id) as last, count(*) as count from stretch`.execute(this.#queries)
    const { last = null, count = 0 } = ends.rows[0] ?? {}
    if (last === null) return { names: [], next: undefined }
    const found = await sql<Pick<SearchNameRow, 'id'>>`
      with stretch as materialized (select id, folded ${within})
      select id from stretch where folded like ${pattern.like} escape '!' order by id limit ${limit}`.execute(this.#queries)
    const isCut = found.rows.length >= limit
    return { names: found.rows, next: isCut ? found.rows.at(-1)?.id : count < WINDOW_NAMES ? undefined : last }
  }

  #canUseTrigrams(): Promise<boolean> {
    this.#hasTrigrams ??= sql<{ readonly name: string }>`select indexname as name from pg_indexes where indexname = 'search_names_trigrams'`
      .execute(this.#queries)
      .then(({ rows }) => rows.length > 0)
    return this.#hasTrigrams
  }
}

function endOf({ clientKey }: NameRange): number {
  return clientKey === undefined ? Number.MAX_SAFE_INTEGER : (clientKey + 1) * NAMES_PER_CLIENT
}

function matches(names: readonly Pick<SearchNameRow, 'id'>[], limit: number): NameMatches {
  return { names, next: names.length < limit ? undefined : names.at(-1)?.id }
}
