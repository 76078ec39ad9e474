import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely } from 'kysely'
import type { DatabaseKind } from './database.ts'

type Column = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder
type Table = CreateTableBuilder<string, string>

/** The types of columns, the same to the rest of the server on both databases. */
export interface Columns {
  /** The integer primary key `id`, given by the database. */
  id(table: Table): Table
  /** A time, size or count: up to 2^53. */
  readonly number: 'bigint'
  readonly bytes: 'bytea' | 'blob'
}

/** One step of the schema. Steps are only ever added; what has been released is never changed. */
export interface Migration {
  readonly name: string
  up(schema: Kysely<unknown>['schema'], columns: Columns, database: Kysely<unknown>): Promise<void>
}

/** Column types of a kind of database. */
export function columnsOf(kind: DatabaseKind): Columns {
  const isSqlite = kind === 'sqlite'
  return {
    id: (table) =>
      isSqlite
        ? table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
        : table.addColumn('id', 'serial', primary),
    number: 'bigint',
    bytes: isSqlite ? 'blob' : 'bytea',
  }
}

/** A column that must have a value. */
export const required: Column = (column) => column.notNull()

/** A column that refers to a row of another table and goes with it. */
export function ownedBy(table: string): Column {
  return (column) => column.notNull().references(`${table}.id`).onDelete('cascade')
}

/** A column that refers to a row of another table and is emptied when that goes. */
export function mentions(table: string): Column {
  return (column) => column.references(`${table}.id`).onDelete('set null')
}

function primary(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey()
}
