import type { ByteString } from '../../format/byte-string.ts'
import type { PathProblem } from './backup-tasks.ts'

/** Told of what a backup does, on the main thread, some times a second at most. All methods have silent defaults. */
export interface BackupProgress {
  /** A part is finished: files (with their bytes), folders. */
  advance?(part: { readonly files: number; readonly folders: number; readonly bytes: number }): void
  /** A worker begins with a large file or a folder. */
  current?(path: ByteString): void
  problem?(problem: PathProblem): void
}
