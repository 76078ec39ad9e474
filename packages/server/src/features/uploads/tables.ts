/** Rows of the tables of managed uploads. */
export interface UploadTables {
  client_blobs: ClientBlobRow
  /** The index files, 32 bytes each, that name all blobs of `client_blobs`: when one is gone, blobs may be. */
  upload_indexes: { readonly repository_id: number; readonly index_ids: Uint8Array }
  upload_room: UploadRoomRow
}

/** What an upload takes up of its client's quota until it is a snapshot, and what it leaves when it never is. */
export interface UploadRoomRow {
  readonly upload_id: string
  readonly client_id: number
  readonly repository_id: number
  /** What it may take up without asking again. */
  readonly reserved_bytes: number
  readonly sent_bytes: number
  readonly is_ended: number
  readonly changed_at: number
}

/** A blob that a snapshot of a client has named, so that the client need not show again that it has it. */
export interface ClientBlobRow {
  readonly client_id: number
  readonly repository_id: number
  /** The type (0 data, 1 tree), then the 32 bytes of the id. */
  readonly blob: Uint8Array
}
