import { readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { systemCodeOf } from '../../errors.ts'
import { type ByteString, joinBytes, systemPath } from '../../format/byte-string.ts'
import { findStatus } from '../../host/file-status.ts'

const KIND_MASK = 0o170000
const FOLDER = 0o040000
const SYMBOLIC_LINK = 0o120000

/** Whether `stat`'s mode is that of a folder. */
export function isFolderMode(mode: number): boolean {
  return (mode & KIND_MASK) === FOLDER
}

/** Whether `stat`'s mode is that of a symbolic link. */
export function isLinkMode(mode: number): boolean {
  return (mode & KIND_MASK) === SYMBOLIC_LINK
}

/** The names in a folder, as bytes. */
export function namesIn(folder: ByteString): ByteString[] {
  return readdirSync(systemPath(folder), { encoding: 'latin1' }) as ByteString[]
}

/**
 * Removes a file, link or folder with everything in it; symbolic links are removed and not followed. Succeeds if there is nothing.
 *
 * @param onRemoved told of each path once it is gone
 * @throws Node's system error of the first thing that cannot be removed
 */
export function removeTree(path: ByteString, onRemoved?: (path: ByteString) => void): void {
  const status = findStatus(path)
  if (status === undefined) return
  if (isFolderMode(status.mode)) {
    for (const name of namesIn(path)) removeTree(joinBytes(path, name), onRemoved)
    rmdirSync(systemPath(path))
  } else unlinkSync(systemPath(path))
  onRemoved?.(path)
}

/**
 * Makes room at `path` for something of another kind: removes a file, a link or an empty folder, with `recursive` also a full one.
 * Succeeds if there is nothing.
 *
 * @throws Node's system error, `ENOTEMPTY` for a folder that is not empty
 */
export function clearPlace(path: ByteString, recursive: boolean): void {
  if (recursive) {
    removeTree(path)
    return
  }
  try {
    unlinkSync(systemPath(path))
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENOENT') return
    // Which of the two a system says of a folder differs.
    if (code !== 'EISDIR' && code !== 'EPERM') throw error
    rmdirSync(systemPath(path))
  }
}

/** Tells of everything that {@link removeTree} would remove, in the same order. */
export function visitTree(path: ByteString, visit: (path: ByteString) => void): void {
  const status = findStatus(path)
  if (status === undefined) return
  if (isFolderMode(status.mode)) for (const name of namesIn(path)) visitTree(joinBytes(path, name), visit)
  visit(path)
}
