import { api, withQuery } from '../../app/api.ts'

/** What the address of a request may have in length; servers and proxies refuse longer ones. */
const ADDRESS_LENGTH_MAX = 7000
/** Paths that the server takes by an address. */
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

/** Where files and folders are downloaded from together; undefined where they are too many for an address: {@link downloadMany}. */
export function archiveLink(snapshotId: number, paths: readonly string[], format: ArchiveFormat): string | undefined {
  if (paths.length === 0 || paths.length > PATHS_MAX) return undefined
  const link = withQuery(`/api/v1/snapshots/${snapshotId}/archive`, { format, path: paths })
  return link.length > ADDRESS_LENGTH_MAX ? undefined : link
}

/**
 * Has the browser save many files and folders together. A form asks for them, as an address holds few; what it is answered is saved, and
 * leaves the page as it is.
 * @throws {ApiFailure} When the snapshot cannot be had: the answer to a form would take the place of the page.
 */
export async function downloadMany(snapshotId: number, paths: readonly string[], format: ArchiveFormat): Promise<void> {
  await api.get(`/api/v1/snapshots/${snapshotId}`)
  const form = document.createElement('form')
  form.method = 'post'
  form.action = `/api/v1/snapshots/${snapshotId}/archive`
  form.hidden = true
  form.append(fieldOf('format', format), ...paths.map((path) => fieldOf('path', path)))
  document.body.append(form)
  form.submit()
  form.remove()
}

function fieldOf(name: string, value: string): HTMLInputElement {
  const field = document.createElement('input')
  field.type = 'hidden'
  field.name = name
  field.value = value
  return field
}
