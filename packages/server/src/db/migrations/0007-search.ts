import { type Kysely, sql } from 'kysely'
import { type Columns, type Migration, required } from '../columns.ts'

/** The index of files: which versions of which files are in which snapshots. */
export const searchMigration: Migration = {
  name: '0007-search',
  async up(schema, columns, database) {
    const isSqlite = columns.bytes === 'blob'
    await createDictionaries(schema, columns)
    await schema
      .createTable('search_versions')
      .addColumn('name_id', columns.number, required)
      .addColumn('folder_id', columns.number, required)
      .addColumn('series_id', 'integer', required)
      .addColumn('first_seq', 'integer', required)
      .addColumn('last_seq', 'integer', required)
      .addColumn('kind', 'integer', required)
      .addColumn('size_bytes', columns.number, required)
      .addColumn('modified_at', columns.number, required)
      .addPrimaryKeyConstraint('search_versions_key', ['name_id', 'folder_id', 'series_id', 'first_seq'])
      .$call((table) => (isSqlite ? table.modifyEnd(sql`without rowid`) : table))
      .execute()
    await schema.createIndex('search_versions_series').on('search_versions').columns(['series_id', 'last_seq', 'first_seq']).execute()
    if (isSqlite) await createSqliteTrigrams(database)
    else await createPostgresTrigrams(database)
  },
}

async function createDictionaries(schema: Kysely<unknown>['schema'], columns: Columns): Promise<void> {
  await schema
    .createTable('search_series')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('repository_id', 'integer', required)
    .addColumn('client_key', 'integer', required)
    .addColumn('line', 'text', required)
    .addColumn('next_seq', 'integer', required)
    .addUniqueConstraint('search_series_line', ['repository_id', 'client_key', 'line'])
    .execute()
  await schema
    .createTable('search_snapshots')
    .addColumn('snapshot_id', 'integer', (column) => column.primaryKey())
    .addColumn('series_id', 'integer', required)
    .addColumn('seq', 'integer', required)
    .addColumn('tree_id', 'text', required)
    .addColumn('is_done', 'integer', required)
    .addColumn('resume_path', 'text')
    .execute()
  await schema.createIndex('search_snapshots_series').on('search_snapshots').columns(['series_id', 'seq']).unique().execute()
  await schema
    .createTable('search_failures')
    .addColumn('snapshot_id', 'integer', (column) => column.primaryKey())
    .addColumn('failures', 'integer', required)
    .addColumn('retry_at', columns.number, required)
    .execute()
  await schema
    .createTable('search_folders')
    .addColumn('id', columns.number, (column) => column.primaryKey())
    .addColumn('client_key', 'integer', required)
    .addColumn('path_hash', columns.number, required)
    .addColumn('path', 'text', required)
    .execute()
  await schema.createIndex('search_folders_path').on('search_folders').columns(['client_key', 'path_hash']).execute()
  await schema
    .createTable('search_names')
    .addColumn('id', columns.number, (column) => column.primaryKey())
    .addColumn('client_key', 'integer', required)
    .addColumn('name', 'text', required)
    .addColumn('folded', 'text', required)
    .execute()
  await schema.createIndex('search_names_folded').on('search_names').columns(['client_key', 'folded']).execute()
}

async function createSqliteTrigrams(database: Kysely<unknown>): Promise<void> {
  await sql`create virtual table search_trigrams using fts5(
    folded, tokenize = 'trigram case_sensitive 1', content = '', contentless_delete = 1)`.execute(database)
}

/** pg_trgm and btree_gin come with PostgreSQL's contrib package. Where they are missing, names are searched one by one. */
async function createPostgresTrigrams(database: Kysely<unknown>): Promise<void> {
  const hasTrigrams = await addExtension(database, 'pg_trgm')
  if (!hasTrigrams) return
  if (await addExtension(database, 'btree_gin')) {
    await sql`create index search_names_trigrams on search_names using gin (client_key, folded gin_trgm_ops)`.execute(database)
  } else {
    await sql`create index search_names_trigrams on search_names using gin (folded gin_trgm_ops)`.execute(database)
  }
}

async function addExtension(database: Kysely<unknown>, name: 'pg_trgm' | 'btree_gin'): Promise<boolean> {
  await sql`savepoint extension`.execute(database)
  try {
    await sql`create extension if not exists ${sql.id(name)}`.execute(database)
    await sql`release savepoint extension`.execute(database)
    return true
  } catch {
    // Not installed on that machine, or the user of the database may not: what needs it does without.
    await sql`rollback to savepoint extension`.execute(database)
    return false
  }
}
