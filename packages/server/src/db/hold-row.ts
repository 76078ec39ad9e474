import { sql } from 'kysely'
import type { Queries } from './database.ts'

/**
 * Lets nobody else change a row, nor hold it, until the transaction ends. It is written as it is and not only read: so whoever comes second
 * waits here on both databases, before anything was read that the first one changes.
 */
export async function holdRow(transaction: Queries, table: 'clients' | 'plans', id: number): Promise<void> {
  await sql`update ${sql.table(table)} set name = name where id = ${id}`.execute(transaction)
}
