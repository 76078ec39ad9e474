import { readlinkSync } from 'node:fs'
import { type ByteString, byteStringFrom, systemPath } from '../../format/byte-string.ts'
import { goModeFromStat, nodeTypeFromStat } from '../../format/file-mode.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { formatTimestamp } from '../../format/timestamp.ts'
import type { FileStatus } from '../../host/file-status.ts'
import { readExtendedAttributes } from '../../host/posix.ts'
import { groupName, userName } from '../../host/user-names.ts'

export interface NodeOptions {
  readonly name: ByteString
  readonly path: ByteString
  readonly status: FileStatus
  /** Blobs of a file's content. */
  readonly content?: readonly BlobId[]
  /** Bytes that were read of a file, where that is known better than from its status. */
  readonly sizeBytes?: number
  /** Keep the time of last access; otherwise it is that of the last change, so that reading a file changes no tree. */
  readonly withAtime: boolean
  /** Called with what went wrong when extended attributes cannot be read; the node is built without them. */
  readonly onIncomplete: (problem: unknown) => void
}

/** The node that restic would store for an entry with this status: same fields, same omissions. */
export function nodeOfEntry(options: NodeOptions): TreeNode {
  const { name, path, status, withAtime } = options
  const type = nodeTypeFromStat(status.mode)
  const mtime = formatTimestamp(status.modified.seconds, status.modified.nanoseconds)
  const user = userName(status.userId)
  const group = groupName(status.groupId)
  const extended = extendedAttributesOf(options)
  const hasLinks = type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev'
  const size = type === 'file' ? (options.sizeBytes ?? status.sizeBytes) : 0
  return {
    name,
    type,
    mode: goModeFromStat(status.mode),
    mtime,
    atime: withAtime ? formatTimestamp(status.accessed.seconds, status.accessed.nanoseconds) : mtime,
    ctime: formatTimestamp(status.changed.seconds, status.changed.nanoseconds),
    uid: status.userId,
    gid: status.groupId,
    ...(user === '' ? undefined : { user }),
    ...(group === '' ? undefined : { group }),
    inode: status.inode,
    ...(status.deviceId !== 0 ? { device_id: status.deviceId } : undefined),
    ...(size > 0 ? { size } : undefined),
    ...(hasLinks ? { links: status.links } : undefined),
    ...(type === 'symlink' ? { linktarget: byteStringFrom(readlinkSync(systemPath(path), { encoding: 'buffer' })) } : undefined),
    ...(extended.length > 0 ? { extended_attributes: extended } : undefined),
    ...(type === 'dev' || type === 'chardev' ? { device: status.device } : undefined),
    content: type === 'file' ? (options.content ?? []) : null,
  }
}

function extendedAttributesOf({ path, onIncomplete }: NodeOptions): NonNullable<TreeNode['extended_attributes']> {
  try {
    return readExtendedAttributes(path, onIncomplete).map(({ name, value }) => ({ name, value: value.toString('base64') }))
  } catch (error) {
    onIncomplete(error)
    return []
  }
}
