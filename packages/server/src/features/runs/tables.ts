import type { LogLevel, RunKind, RunState, RunTrigger } from '@holdfast/protocol'
import type { Generated } from 'kysely'

/** Rows of the tables of runs. */
export interface RunTables {
  runs: RunRow
  run_logs: {
    readonly id: Generated<number>
    readonly run_id: number
    readonly at: number
    readonly level: LogLevel
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
  /** JSON of what is to be done: a restore's order, what a prune or a check was asked for; empty for a backup, whose plan is read later. */
  readonly request: string
  readonly trigger: RunTrigger
  readonly retry_of: number | null
  /** 1, and one more for every retry after a process died. */
  readonly attempt: number
  /** How many times it was handed out, as answers can be lost. */
  readonly claim_count: number
  /** While it is pending: it is not handed out before, and is given up after, these times. */
  readonly not_before: number | null
  readonly not_after: number | null
  /** Of the last change of state or stored progress. */
  readonly changed_at: number
  readonly created_at: number
  readonly started_at: number | null
  readonly finished_at: number | null
  /** Which process or agent carries it out, and until when it is believed to live. */
  readonly lease_holder: string | null
  readonly lease_expires_at: number | null
  readonly cancel_requested_at: number | null
  /** How much log is kept, so that it has a bound. */
  readonly log_bytes: number
  readonly snapshot_id: string | null
  /** JSON. */
  readonly progress: string | null
  readonly statistics: string | null
  /** JSON: code and message. */
  readonly error: string | null
  /** Of the statistics, for sums: what it added to its repository. */
  readonly added_bytes: Generated<number | null>
  /** 1: nobody took it in time. */
  readonly is_missed: Generated<number>
  /** When its end is to be told by another process than the one that ended it; null when it has been told, and before the end. */
  readonly tell_at: Generated<number | null>
}
