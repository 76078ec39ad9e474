import { Kysely, PostgresDialect, SqliteDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { ServerError } from '../errors.ts'
import type { Tables } from './schema.ts'
import { openSqlite } from './sqlite-adapter.ts'

/** Which of the two databases is behind a connection. Nearly all queries are the same on both. */
export type DatabaseKind = 'sqlite' | 'postgres'

/** What stores take: queries on the server's tables. A transaction fits too. */
export type Queries = Kysely<Tables> | Transaction<Tables>

/** An open database. */
export interface Database {
  readonly kind: DatabaseKind
  readonly queries: Kysely<Tables>
  close(): Promise<void>
}

const POSTGRES_CONNECTIONS = 10
/** The OID of int8, which `pg` gives as text by default. All our 64-bit numbers are times and sizes below 2^53. */
const INT8_OID = 20

/**
 * Opens the database that a URL names: `sqlite:<path>` or `postgres://…`. The forms of SQLAlchemy (`postgresql+psycopg2://…`,
 * `sqlite:///…`) are taken too, as installations of other programs have them in their environment.
 * @throws {ServerError} `settings.invalid` for a URL of another kind.
 */
export function openDatabase(url: string): Database {
  if (/^postgres(ql)?(\+\w+)?:\/\//.test(url)) return openPostgres(url.replace(/^postgres(ql)?(\+\w+)?:/, 'postgres:'))
  const path = /^sqlite:(?:\/\/\/?)?(.+)$/.exec(url)?.[1]
  if (path === undefined) throw new ServerError('settings.invalid', 'Cannot use DATABASE_URL: it is neither sqlite:<path> nor postgres://…')
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: openSqlite(sqlitePath(url, path)) }) })
  return { kind: 'sqlite', queries, close: () => queries.destroy() }
}

/** SQLAlchemy: three slashes before a relative path, four before an absolute one. Ours: the path follows the colon. */
function sqlitePath(url: string, path: string): string {
  return url.startsWith('sqlite:////') ? `/${path.replace(/^\/+/, '')}` : path
}

/** PostgreSQL takes no NUL in texts, which SQLite and JSON do: what has one is stored, and looked for, with a replacement character. */
class TextClient extends pg.Client {
  override query(...args: readonly unknown[]): never {
    const [statement, values, ...rest] = args
    const texts = Array.isArray(values) ? values.map(withoutNul) : values
    return Reflect.apply(super.query, this, [statement, texts, ...rest]) as never
  }
}

function withoutNul(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
}

function openPostgres(connectionString: string): Database {
  const types: pg.CustomTypesConfig = {
    getTypeParser: ((oid: number, format: 'text' | 'binary') =>
      oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
  }
  const pool = new pg.Pool({ connectionString, max: POSTGRES_CONNECTIONS, types, connectionTimeoutMillis: 10_000, Client: TextClient })
  // A connection that breaks while it is idle, in the pool or within a transaction, is replaced by the pool, and the next query on it
  // fails; without listeners it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const queries = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { kind: 'postgres', queries, close: () => queries.destroy() }
}
