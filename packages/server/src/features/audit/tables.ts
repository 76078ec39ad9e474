import type { Generated } from 'kysely'

/** Rows of the audit log. */
export interface AuditTables {
  audit_entries: AuditRow
}

export interface AuditRow {
  readonly id: Generated<number>
  readonly at: number
  readonly user_id: number | null
  /** Who, in words that outlive the user: `user admin`, `client 3 (mail)`, `server`. */
  readonly actor: string
  /** What: `client.created`, `login.failed`. */
  readonly action: string
  /** To what: `client 3`. */
  readonly subject: string
  /** JSON without secrets. */
  readonly detail: string
  readonly address: string
}
