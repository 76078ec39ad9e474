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
  readonly created_at: number
}
