import type { Insertable, Selectable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import type { AuditRow } from './tables.ts'

export type StoredAuditEntry = Selectable<AuditRow>

export interface AuditFilter {
  /** Only entries with a smaller id. */
  readonly before: number | undefined
  readonly limit: number
  /** `client.created`, or all of a noun: `client`. */
  readonly action: string | undefined
  readonly subject: string | undefined
  readonly userId: number | undefined
  /** From this time on, and before that. */
  readonly since: number | undefined
  readonly until: number | undefined
}

/** Where the audit log is kept. Entries are added and listed, never changed; those that are too old go. */
export class AuditStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async add(entry: Insertable<AuditRow>): Promise<void> {
    await this.#queries.insertInto('audit_entries').values(entry).execute()
  }

  /** The entries that fit, newest first. */
  async list({ before, limit, action, subject, userId, since, until }: AuditFilter): Promise<StoredAuditEntry[]> {
    let query = this.#queries.selectFrom('audit_entries').selectAll().orderBy('id', 'desc').limit(limit)
    if (before !== undefined) query = query.where('id', '<', before)
    if (action?.includes('.')) query = query.where('action', '=', action)
    else if (action !== undefined) query = query.where('action', 'like', `${action}.%`)
    if (subject !== undefined) query = query.where('subject', '=', subject)
    if (userId !== undefined) query = query.where('user_id', '=', userId)
    if (since !== undefined) query = query.where('at', '>=', since)
    if (until !== undefined) query = query.where('at', '<', until)
    return query.execute()
  }

  async removeBefore(time: number): Promise<void> {
    await this.#queries.deleteFrom('audit_entries').where('at', '<', time).execute()
  }
}
