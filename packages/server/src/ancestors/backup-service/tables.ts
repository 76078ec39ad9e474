import type { Generated } from 'kysely'

/** Rows of the tables of the Backup Service's endpoints: what its clients know that nothing else of the server has. */
export interface BackupServiceTables {
  service_files: ServiceFileRow
  service_listings: { readonly id: Generated<number>; readonly client_id: number; readonly path: string; readonly is_dir: number }
  service_tasks: ServiceTaskRow
  service_leftovers: ServiceLeftoverRow
}

/** One version of a file that was uploaded. */
export interface ServiceFileRow {
  readonly id: Generated<number>
  readonly client_id: number
  /** As the client has it. */
  readonly path: string
  readonly uploaded_at: number
  readonly size_bytes: number
  /** SHA-256 in hexadecimal. */
  readonly file_hash: string
  /** Given with the upload; null for the owner's. */
  readonly retention_days: number | null
  readonly retention_versions: number | null
  /** Where the content is until it is in a snapshot; null afterwards. */
  readonly spool_path: string | null
  /** The snapshot that has it, by its row in the register of snapshots; null until then. */
  readonly register_id: number | null
}

/**
 * A snapshot that is to go unless its files are noted as being in it: noted before it is made, and when another has taken its place. What a
 * crash leaves behind is found by it.
 */
export interface ServiceLeftoverRow {
  readonly id: Generated<number>
  readonly repository_id: number
  /** The repository's id of it. */
  readonly snapshot_id: string
  readonly noted_at: number
  /** 1 once it is certain that it goes. */
  readonly is_going: number
}

/** What a task has beside its plan. */
export interface ServiceTaskRow {
  readonly plan_id: number
  readonly frequency_minutes: number
  readonly compress: number
}
