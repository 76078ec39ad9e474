import type { RunKind, RunState } from '@holdfast/protocol'
import type { Generated } from 'kysely'

/** Rows of the tables of runs. */
export interface RunTables {
  runs: RunRow
  run_logs: {
    readonly id: Generated<number>
    readonly run_id: number
    readonly at: number
    readonly level: string
    readonly message: string
  }
}

export interface RunRow {
  readonly id: Generated<number>
  readonly kind: RunKind
  readonly state: RunState
  readonly client_id: number | null
  readonly plan_id: number | null
  readonly repository_id: number | null
  /** JSON of what is to be done, as it was when the run was made. */
  readonly request: string
  /** `schedule`, `manual`, `catch-up`, `retry`. */
  readonly trigger: string
  readonly retry_of: number | null
  readonly created_at: number
  readonly started_at: number | null
  readonly finished_at: number | null
  /** Which process or agent carries it out, and until when it is believed to live. */
  readonly lease_holder: string | null
  readonly lease_expires_at: number | null
  readonly is_cancel_requested: number
  readonly snapshot_id: string | null
  /** JSON. */
  readonly progress: string | null
  readonly statistics: string | null
  /** JSON: code and message. */
  readonly error: string | null
}
