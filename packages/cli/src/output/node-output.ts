import { type ByteString, describeMode, displayText, statModeFromGo, type TreeNode, timestampToMs } from '@holdfast/engine'
import { formatBytes, padNumber } from './format.ts'
import { jsonText, omitEmpty } from './json.ts'
import { localTime } from './times.ts'

/** How lines about files look. */
export interface NodeLineOptions {
  readonly long: boolean
  readonly humanReadable: boolean
}

/** A line about a file of a snapshot: its path, or what `ls -l` shows. */
export function nodeLine(path: ByteString, node: TreeNode, options: NodeLineOptions): string {
  const shownPath = displayText(path)
  if (!options.long) return shownPath
  const size = node.type === 'file' ? (node.size ?? 0) : 0
  const target = node.type === 'symlink' ? ` -> ${displayText(node.linktarget ?? ('' as ByteString))}` : ''
  const shownSize = options.humanReadable ? formatBytes(size) : padNumber(size, 6)
  const mode = describeMode(node.type, node.mode ?? 0)
  return `${mode} ${padNumber(node.uid, 5)} ${padNumber(node.gid, 5)} ${shownSize} ${localTime(node.mtime)} ${shownPath}${target}`
}

/** The message of `ls --json` about a file. */
export function nodeMessage(path: ByteString, node: TreeNode): object {
  const { type, uid, gid, mode = 0, mtime, atime, ctime, inode } = node
  return {
    name: displayText(node.name),
    type,
    path: displayText(path),
    uid,
    gid,
    ...(type === 'file' ? { size: node.size ?? 0 } : {}),
    ...omitEmpty({ mode, permissions: describeMode('file', mode) }),
    mtime,
    atime,
    ctime,
    ...omitEmpty({ inode }),
    message_type: 'node',
    struct_type: 'node',
  }
}

/** What `find --json` says about a file. */
export function matchMessage(path: ByteString, node: TreeNode): object {
  const { type, mode = 0, mtime, atime, ctime, uid, gid, user, group, inode, device_id, size, links, linktarget } = node
  return {
    ...omitEmpty({ path: displayText(path), permissions: describeMode('file', mode), type, mode }),
    mtime,
    atime,
    ctime,
    uid,
    gid,
    ...omitEmpty({ user, group, inode, device_id, size, links }),
    ...(linktarget === undefined ? {} : { linktarget: displayText(linktarget) }),
  }
}

const BLOCK_BYTES = 512

/** An entry of ncdu's export format (https://dev.yorhel.nl/ncdu/jsonfmt), version 1.2. */
export function ncduEntry(node: TreeNode): string {
  const size = node.type === 'file' ? (node.size ?? 0) : 0
  return jsonText({
    name: displayText(node.name),
    asize: size,
    dsize: Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES,
    dev: node.device_id ?? 0,
    ino: node.inode ?? 0,
    nlink: node.links ?? 0,
    notreg: node.type !== 'dir' && node.type !== 'file',
    uid: node.uid,
    gid: node.gid,
    mode: statModeFromGo(node.mode ?? 0) & 0o7777,
    mtime: Math.max(0, Math.floor(timestampToMs(node.mtime) / 1000)),
  })
}
