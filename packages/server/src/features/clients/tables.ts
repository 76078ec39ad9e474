import type { Generated } from 'kysely'

/** Rows of the tables of clients. */
export interface ClientTables {
  clients: ClientRow
  enrolment_codes: {
    readonly id: Generated<number>
    readonly client_id: number
    readonly code_hash: string
    readonly created_at: number
    readonly expires_at: number
  }
  client_logs: {
    readonly id: Generated<number>
    readonly client_id: number
    readonly run_id: number | null
    readonly at: number
    readonly level: string
    readonly message: string
  }
  retired_tokens: {
    readonly token_hash: string
    readonly client_id: number
    readonly retired_at: number
    /** When its use was written down last. */
    readonly reported_at: number | null
  }
  snapshots: SnapshotRow
}

export interface ClientRow {
  readonly id: Generated<number>
  readonly name: string
  readonly owner_id: number
  /** SHA-256 of the agent's token in hex; null while none has enrolled. */
  readonly token_hash: string | null
  /** Of a token that the agent was offered and has not used yet. */
  readonly next_token_hash: Generated<string | null>
  /** When the token in force came; null for those from before that was noted. */
  readonly token_since: Generated<number | null>
  /** 1 when somebody wants the agent to take a new token. */
  readonly is_rotation_wanted: Generated<number>
  /** 1 for the client that the server itself backs up. */
  readonly is_local: number
  readonly is_disabled: number
  readonly hostname: string | null
  readonly platform: string | null
  readonly version: string | null
  /** JSON of what the machine's owner allows; null while its agent has not said so. */
  readonly policy: Generated<string | null>
  /** JSON of what the owner can edit: commands, retention, limits, quota. */
  readonly settings: string
  readonly created_at: number
  readonly last_ping_at: number | null
  readonly last_backup_at: number | null
  /** Of the settings, for queries: without a good backup for so long, it is overdue. */
  readonly overdue_after_ms: Generated<number | null>
}

/** What the server knows of a snapshot without reading the repository. */
export interface SnapshotRow {
  readonly id: Generated<number>
  /** The repository's id of it, 64 hexadecimal digits. */
  readonly snapshot_id: string
  readonly repository_id: number
  /** Null for snapshots that nobody's client made. */
  readonly client_id: number | null
  readonly plan_id: number | null
  readonly run_id: number | null
  readonly time: number
  readonly tree_id: string
  readonly hostname: string
  /** JSON lists. */
  readonly paths: string
  readonly tags: string
  readonly is_pinned: number
  /** 1 while it is being forgotten: it can no longer be pinned then. */
  readonly is_leaving: Generated<number>
  readonly size_bytes: number | null
  readonly file_count: number | null
  readonly added_bytes: number | null
}
