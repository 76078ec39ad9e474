import type { Generated } from 'kysely'

/** Rows of the tables of repositories. */
export interface RepositoryTables {
  repositories: RepositoryRow
  repository_history: RepositoryHistoryRow
  /** Who may do something that only one server process does at a time, until when. */
  leases: { readonly name: string; readonly holder: string; readonly expires_at: number }
}

export interface RepositoryRow {
  readonly id: Generated<number>
  readonly name: string
  readonly kind: 'local' | 's3' | 'sftp' | 'rest'
  /** As the engine takes it, without secrets. */
  readonly location: string
  /** Sealed JSON of what the storage needs to be opened. */
  readonly sealed_credentials: string
  readonly sealed_password: string
  /** What the password gave when the repository was opened first, so that it need not be derived again; null before. */
  readonly sealed_key: Generated<string | null>
  /** The id in its `config`, by which it is known wherever it is reached from; null where it was never opened. */
  readonly config_id: Generated<string | null>
  /** 0 for repositories whose password only their clients know. */
  readonly has_key: Generated<number>
  readonly is_default: number
  /** JSON of when and how it is maintained. */
  readonly maintenance: string
  /** JSON of usage, savings and health, of when they were last counted. */
  readonly statistics: string | null
  readonly created_at: number
  /** Raised by whatever removes packs: an index that was read before is out of date then. */
  readonly generation: Generated<number>
}

/** What a repository held on a day when it was last counted on it. */
export interface RepositoryHistoryRow {
  readonly repository_id: number
  /** In UTC, as 2026-11-21. */
  readonly day: string
  readonly counted_at: number
  readonly snapshot_count: number
  readonly stored_bytes: number
  readonly content_bytes: number
  readonly restore_bytes: number
  readonly free_bytes: number | null
}
