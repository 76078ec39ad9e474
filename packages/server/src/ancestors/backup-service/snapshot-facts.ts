import { EMPTY_SUMMARY, type SnapshotSummary, type Timestamp } from '@holdfast/engine'
import { snapshotPathOf } from './batch-upload.ts'
import type { StoredFile } from './store.ts'

/** How many folders a snapshot names as what it is of. */
const PATHS_MAX = 20
/** Folders from the root that are named. */
const PATH_LEVELS = 2

/** What a snapshot of these files is of. */
export function pathsOf(files: readonly StoredFile[]): readonly string[] {
  const folders = new Set(
    files.map(({ path }) =>
      snapshotPathOf(path)
        .split('/')
        .slice(0, PATH_LEVELS + 1)
        .join('/'),
    ),
  )
  return folders.size > PATHS_MAX ? ['/'] : [...folders].toSorted()
}

/** The bytes of all files. */
export function sizeOf(files: readonly StoredFile[]): number {
  return files.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
}

/** What a snapshot of these files says that its making has done. */
export function summaryOf(
  files: readonly StoredFile[],
  { time, addedBytes }: { readonly time: Timestamp; readonly addedBytes: number },
): SnapshotSummary {
  return {
    ...EMPTY_SUMMARY,
    backup_start: time,
    backup_end: time,
    files_new: files.length,
    data_added_packed: addedBytes,
    total_files_processed: files.length,
    total_bytes_processed: sizeOf(files),
  }
}
