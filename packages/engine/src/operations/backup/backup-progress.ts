import type { ByteString } from '../../format/byte-string.ts'
import type { PathProblem } from './backup-tasks.ts'
import type { BackupItem } from './item-log.ts'

/** Told of what a backup does, on the main thread, some times a second at most. All methods have silent defaults. */
export interface BackupProgress {
  /** A part is finished: files (with their bytes), folders. */
  advance?(part: { readonly files: number; readonly folders: number; readonly bytes: number }): void
  /** A worker begins with a large file or a folder. */
  current?(path: ByteString): void
  problem?(problem: PathProblem): void
  /** An entry is finished or left out. Costs time for each; entries are told of only where this is there. */
  item?(item: BackupItem): void
}
