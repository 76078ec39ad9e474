import type { Generated } from 'kysely'

/** Rows of the tables of clients that use restic's own protocol. */
export interface ResticAccessTables {
  restic_passwords: {
    readonly client_id: number
    /** SHA-256 in hexadecimal. */
    readonly token_hash: string
    readonly created_at: number
  }
  restic_access: ResticAccessRow
  /** The files that a client has brought and that are still there. */
  restic_files: ResticFileRow
  /** Snapshots that are not in the register yet. */
  restic_arrivals: { readonly access_id: number; readonly snapshot_id: string; readonly created_at: number }
}

/** That a client may use a repository. */
export interface ResticAccessRow {
  readonly id: Generated<number>
  readonly client_id: number
  readonly repository_id: number
  /** 1 for clients that may remove files. */
  readonly is_full: number
  /** What the client's files may have together; null for no bound. */
  readonly quota_bytes: number | null
  /** What its rows in `restic_files` have together. */
  readonly used_bytes: number
  readonly created_at: number
}

export interface ResticFileRow {
  readonly access_id: number
  readonly kind: string
  /** Empty for `config`. */
  readonly name: string
  readonly size_bytes: number
  readonly created_at: number
}
