/**
 * Rows of the index of files. `client_key` is the id of a client, 0 for snapshots that no client made. Names and paths are addresses as of
 * `snapshotPathSchema`, which are the same text for the same bytes.
 */
export interface SearchTables {
  /** Snapshots of one origin, one after the other: versions are intervals of their numbers. */
  search_series: SearchSeriesRow
  search_snapshots: SearchSnapshotRow
  search_failures: SearchFailureRow
  search_folders: SearchFolderRow
  search_names: SearchNameRow
  search_versions: SearchVersionRow
}

export interface SearchSeriesRow {
  /** Given by the indexer. */
  readonly id: number
  readonly repository_id: number
  readonly client_key: number
  /** The plan, or host and folders. */
  readonly line: string
  /** The number of the next snapshot; the first is 1. */
  readonly next_seq: number
}

export interface SearchSnapshotRow {
  /** The id in the register. */
  readonly snapshot_id: number
  readonly series_id: number
  readonly seq: number
  readonly tree_id: string
  /** 0 while it is being taken in. */
  readonly is_done: number
  /** How far it was taken in: the address of the last path that is in the index. */
  readonly resume_path: string | null
}

/** A snapshot that could not be taken in. */
export interface SearchFailureRow {
  readonly snapshot_id: number
  readonly failures: number
  /** Not tried again before. */
  readonly retry_at: number
}

export interface SearchFolderRow {
  readonly id: number
  readonly client_key: number
  /** The first 48 bits of its SHA-256: paths are longer than what an index of PostgreSQL takes. */
  readonly path_hash: number
  readonly path: string
}

export interface SearchNameRow {
  /** `client_key` × 2^32 and a number: the names of a client are a range. */
  readonly id: number
  readonly client_key: number
  readonly name: string
  /** What is searched: no capitals, no longer than 500 characters. */
  readonly folded: string
}

export interface SearchVersionRow {
  readonly name_id: number
  readonly folder_id: number
  readonly series_id: number
  /** The snapshots that hold this version: from this number in the series… */
  readonly first_seq: number
  /** …to this one; `OPEN_SEQ` as long as the newest one holds it. */
  readonly last_seq: number
  /** Position in the list of kinds. */
  readonly kind: number
  readonly size_bytes: number
  readonly modified_at: number
}
