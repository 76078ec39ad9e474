import { withQuery } from '../../app/api.ts'

/** What the address of a request may have in length; servers and proxies refuse longer ones. */
const ADDRESS_LENGTH_MAX = 7000
/** Paths that the server takes for one archive. */
const PATHS_MAX = 200

/** The forms in which several files come. */
export type ArchiveFormat = 'zip' | 'tar'

/** Where a file of a snapshot is downloaded from. */
export function fileLink(snapshotId: number, path: string): string {
  return withQuery(`/api/v1/snapshots/${snapshotId}/file`, { path })
}

/** Where the beginning of a file is, for the pages to show; pictures are whole. */
export function previewLink(snapshotId: number, path: string): string {
  return withQuery(`/api/v1/snapshots/${snapshotId}/preview`, { path })
}

/** Where files and folders are downloaded from together; undefined where they are too many for one request. */
export function archiveLink(snapshotId: number, paths: readonly string[], format: ArchiveFormat): string | undefined {
  if (paths.length === 0 || paths.length > PATHS_MAX) return undefined
  const link = withQuery(`/api/v1/snapshots/${snapshotId}/archive`, { format, path: paths })
  return link.length > ADDRESS_LENGTH_MAX ? undefined : link
}
