import type { TreeNode } from '../../format/node.ts'
import { formatTimestamp, parseTimestamp, type Timestamp } from '../../format/timestamp.ts'
import type { FileStatus } from '../../host/file-status.ts'
import type { ChangeDetection } from './backup-tasks.ts'

/**
 * Whether a file is the one that the parent snapshot has, so that its content need not be read: same size, same times of change to the
 * nanosecond, same inode. The time of status change catches what sets the modification time back.
 */
export function isUnchanged(status: FileStatus, previous: TreeNode, detection: ChangeDetection): boolean {
  if (previous.type !== 'file' || (previous.size ?? 0) !== status.sizeBytes) return false
  if (!isInstant(previous.mtime, status.modified)) return false
  if (!detection.ignoreCtime && !isInstant(previous.ctime, status.changed)) return false
  return detection.ignoreInode || (previous.inode ?? 0) === status.inode
}

function isInstant(stored: Timestamp, { seconds, nanoseconds }: FileStatus['modified']): boolean {
  // Usually the snapshot was made in the same time zone, and then the texts are the same.
  if (stored === formatTimestamp(seconds, nanoseconds)) return true
  const instant = parseTimestamp(stored)
  return instant.seconds === seconds && instant.nanoseconds === nanoseconds
}
