import type { BlobId, SnapshotId } from './ids.ts'
import type { Timestamp } from './timestamp.ts'

/** Statistics that a backup leaves in its snapshot; field names as stored. Counts, and sizes in bytes. */
export interface SnapshotSummary {
  readonly backup_start: Timestamp
  readonly backup_end: Timestamp
  readonly files_new: number
  readonly files_changed: number
  readonly files_unmodified: number
  readonly dirs_new: number
  readonly dirs_changed: number
  readonly dirs_unmodified: number
  readonly data_blobs: number
  readonly tree_blobs: number
  readonly data_added: number
  readonly data_added_packed: number
  readonly total_files_processed: number
  readonly total_bytes_processed: number
}

/** A snapshot as stored, field names as stored (restic's doc/design.rst, "Snapshots"). Absent fields are those Go leaves out when empty. */
export interface Snapshot {
  readonly time: Timestamp
  readonly parent?: SnapshotId
  readonly tree: BlobId
  /** Absolute paths, as text. */
  readonly paths: readonly string[]
  readonly hostname?: string
  readonly username?: string
  readonly uid?: number
  readonly gid?: number
  readonly excludes?: readonly string[]
  readonly tags?: readonly string[]
  readonly original?: SnapshotId
  readonly program_version?: string
  readonly summary?: SnapshotSummary
}

/** A snapshot together with the id of the file that holds it. */
export interface StoredSnapshot extends Snapshot {
  readonly id: SnapshotId
}
