import { type Clock, messageOf } from '@holdfast/engine'
import { type Kysely, sql } from 'kysely'
import { ServerError } from '../errors.ts'
import { columnsOf, type Migration } from './columns.ts'
import type { Database } from './database.ts'
import { allMigrations } from './migrations/index.ts'
import type { Tables } from './schema.ts'

/** Any number, the same in all versions: servers that start at once on one PostgreSQL wait for each other on it. */
const ADVISORY_LOCK = 4_603_217

export interface MigrateOptions {
  readonly clock: Clock
  readonly migrations?: readonly Migration[]
}

/**
 * Brings the schema up to date, all steps in one transaction: a step that fails leaves the database as it was. Gives the names of the
 * steps that were taken.
 * @throws {ServerError} `database.schema` when a step fails, or when the database was used by a newer version.
 */
export async function migrate(database: Database, options: MigrateOptions): Promise<readonly string[]> {
  const { migrations = allMigrations(), clock } = options
  return database.queries.transaction().execute(async (transaction) => {
    if (database.kind === 'postgres') await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction)
    const applied = await appliedMigrations(transaction)
    refuseUnknown(applied, migrations)
    const missing = migrations.filter(({ name }) => !applied.has(name))
    for (const migration of missing) {
      await apply(transaction, { migration, database })
      await transaction.insertInto('schema_migrations').values({ name: migration.name, applied_at: clock.now() }).execute()
    }
    return missing.map(({ name }) => name)
  })
}

async function appliedMigrations(transaction: Kysely<Tables>): Promise<ReadonlySet<string>> {
  await transaction.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute()
  const rows = await transaction.selectFrom('schema_migrations').select('name').execute()
  return new Set(rows.map(({ name }) => name))
}

function refuseUnknown(applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name))
  const unknown = [...applied].find((name) => !known.has(name))
  if (unknown === undefined) return
  throw new ServerError('database.schema', `Cannot use the database: a newer version of Holdfast has changed it (${unknown})`)
}

async function apply(
  transaction: Kysely<Tables>,
  { migration, database }: { readonly migration: Migration; readonly database: Database },
): Promise<void> {
  try {
    await migration.up(transaction.schema, columnsOf(database.kind), transaction as unknown as Kysely<unknown>)
  } catch (error) {
    throw new ServerError('database.schema', `Cannot upgrade the database (${migration.name}): ${messageOf(error)}`, { cause: error })
  }
}
