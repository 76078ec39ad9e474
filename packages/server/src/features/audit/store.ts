import type { Queries } from '../../db/database.ts'
import type { AuditRow } from './tables.ts'

/** Where the audit log is kept. Entries are added and listed, never changed. */
export class AuditStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async add(entry: Omit<AuditRow, 'id'>): Promise<void> {
    await this.#queries.insertInto('audit_entries').values(entry).execute()
  }

  /** Entries before the id `before`, newest first, `limit` at most, of one action or all. */
  async list(options: {
    readonly before?: number | undefined
    readonly limit: number
    readonly action?: string | undefined
  }): Promise<AuditRow[]> {
    let query = this.#queries.selectFrom('audit_entries').selectAll().orderBy('id', 'desc').limit(options.limit)
    if (options.before !== undefined) query = query.where('id', '<', options.before)
    if (options.action !== undefined) query = query.where('action', '=', options.action)
    return (await query.execute()) as unknown as AuditRow[]
  }
}
