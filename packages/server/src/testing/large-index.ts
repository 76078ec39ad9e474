import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { NAMES_PER_CLIENT, OPEN_SEQ } from '../features/search/index-store.ts'

export interface LargeIndexOptions {
  /** Ids 1 to this; the owner of the first is `firstOwnerId`, that of the others `ownerId`. */
  readonly clients: number
  readonly firstOwnerId: number
  readonly ownerId: number
  /** Files of a client, each with a name of its own, in 500 folders. */
  readonly names: number
  /** Folders of a client that all hold a file `index.js`. */
  readonly commonFolders: number
  readonly versionsPerFile: number
}

const FOLDERS = 500

/**
 * Fills the index of files as the indexer would, with statements that the database carries out by itself. Gives the number of versions.
 * Names are `report-12-4711.pdf` and the like; one of a hundred holds `zebra`, one of a million `needle`.
 */
export async function fillIndex({ queries, kind }: Database, options: LargeIndexOptions): Promise<number> {
  const run = async (statement: RawBuilder<unknown>): Promise<void> => void (await statement.execute(queries))
  const { clients, names, commonFolders, versionsPerFile, ownerId, firstOwnerId } = options
  const folders = Math.max(FOLDERS, commonFolders)
  await run(sql`
    insert into repositories (id, name, kind, location, sealed_credentials, sealed_password, is_default, maintenance, created_at)
    values (1, 'main', 'local', '', '', '', 1, '{}', 0)`)
  await run(sql`
    insert into clients (id, name, owner_id, is_local, is_disabled, settings, created_at)
    select c, 'client ' || c, case c when 1 then ${lit(firstOwnerId)} else ${lit(ownerId)} end, 0, 0, '{}', 0
    from ${numbers('c', clients)}`)
  await run(sql`
    insert into snapshots (id, snapshot_id, repository_id, client_id, time, tree_id, hostname, paths, tags, is_pinned)
    select (c - 1) * ${lit(versionsPerFile)} + s, 'snapshot ' || c || ' ' || s, 1, c, s * 86400000, 'tree', 'host', '[]', '[]', 0
    from ${numbers('c', clients)} cross join ${numbers('s', versionsPerFile)}`)
  await run(sql`
    insert into search_series (id, repository_id, client_key, line, next_seq)
    select c, 1, c, 'plan', ${lit(versionsPerFile + 1)} from ${numbers('c', clients)}`)
  await run(sql`
    insert into search_snapshots (snapshot_id, series_id, seq, tree_id, is_done)
    select (c - 1) * ${lit(versionsPerFile)} + s, c, s, 'tree', 1
    from ${numbers('c', clients)} cross join ${numbers('s', versionsPerFile)}`)
  await run(sql`
    insert into search_folders (id, client_key, path_hash, path)
    select c * ${lit(NAMES_PER_CLIENT)} + f, c, f, '/home/user/folder ' || f
    from ${numbers('c', clients)} cross join ${numbers('f', folders)}`)
  await fillNames(run, { clients, names })
  if (kind === 'sqlite') await run(sql`insert into search_trigrams (rowid, folded) select id, folded from search_names order by id`)
  await run(sql`
    insert into search_versions (name_id, folder_id, series_id, first_seq, last_seq, kind, size_bytes, modified_at)
    select c * ${lit(NAMES_PER_CLIENT)} + n, c * ${lit(NAMES_PER_CLIENT)} + n % ${lit(FOLDERS)} + 1, c, s,
      case s when ${lit(versionsPerFile)} then ${lit(OPEN_SEQ)} else s end, 0, n * s, s * 86400000
    from ${numbers('c', clients)} cross join ${numbers('n', names)} cross join ${numbers('s', versionsPerFile)}`)
  await run(sql`
    insert into search_versions (name_id, folder_id, series_id, first_seq, last_seq, kind, size_bytes, modified_at)
    select c * ${lit(NAMES_PER_CLIENT)} + ${lit(names + 1)}, c * ${lit(NAMES_PER_CLIENT)} + f, c, s,
      case s when ${lit(versionsPerFile)} then ${lit(OPEN_SEQ)} else s end, 0, s, s * 86400000
    from ${numbers('c', clients)} cross join ${numbers('f', commonFolders)} cross join ${numbers('s', versionsPerFile)}`)
  await run(sql`analyze`)
  return clients * (names + commonFolders) * versionsPerFile
}

async function fillNames(
  run: (statement: RawBuilder<unknown>) => Promise<void>,
  { clients, names }: Pick<LargeIndexOptions, 'clients' | 'names'>,
): Promise<void> {
  const number = sql`((c - 1) * ${lit(names)} + n)`
  await run(sql`
    insert into search_names (id, client_key, name, folded)
    select c * ${lit(NAMES_PER_CLIENT)} + n, c, name, name from (
      select c, n,
        (case when ${number} % 1000000 = 777 then 'needle' when ${number} % 100 = 55 then 'zebra' when n % 3 = 0 then 'report'
          when n % 3 = 1 then 'holiday picture' else 'notes' end)
        || '-' || (${number} * 7919 % 10007) || '-' || ${number}
        || (case n % 4 when 0 then '.pdf' when 1 then '.jpg' when 2 then '.txt' else '.docx' end) as name
      from ${numbers('c', clients)} cross join ${numbers('n', names)}) as made`)
  await run(sql`
    insert into search_names (id, client_key, name, folded)
    select c * ${lit(NAMES_PER_CLIENT)} + ${lit(names + 1)}, c, 'index.js', 'index.js' from ${numbers('c', clients)}`)
}

/** The numbers from 1 to `count`, in a column of that name. */
function numbers(column: string, count: number): RawBuilder<unknown> {
  const name = sql.ref(column)
  const next = sql`select ${name} + 1 from numbers where ${name} < ${lit(count)}`
  const all = sql`with recursive numbers(${name}) as (select cast(1 as bigint) union all ${next}) select ${name} from numbers`
  return sql`(${all}) as ${sql.table(`${column}s`)}`
}

function lit(value: number): RawBuilder<unknown> {
  return sql.lit(value)
}
