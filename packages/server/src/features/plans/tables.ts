import type { Generated } from 'kysely'

/** Rows of the tables of plans. */
export interface PlanTables {
  plans: PlanRow
}

export interface PlanRow {
  readonly id: Generated<number>
  readonly client_id: number
  readonly repository_id: number
  readonly name: string
  readonly is_enabled: number
  /** JSON: sources, excludes, schedule, hooks, retention, limits. */
  readonly definition: string
  readonly next_run_at: number | null
  /** When it counts as overdue unless a backup succeeds before; null while nothing has come due since the last success. */
  readonly overdue_at: number | null
  readonly is_overdue: number
  /** The last of its runs to end if that failed, and when the first one failed since it last succeeded; null when it has not failed. */
  readonly failed_run_id: Generated<number | null>
  readonly failed_since: Generated<number | null>
  /** The last of its runs to end if that succeeded without being able to read everything; null otherwise. */
  readonly incomplete_run_id: Generated<number | null>
  readonly created_at: number
}
