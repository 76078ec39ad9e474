import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { type ByteString, byteStringOf, joinBytes, systemPath } from '../format/byte-string.ts'
import { nodeTypeFromStat } from '../format/file-mode.ts'
import { readStatus } from '../host/file-status.ts'
import { readExtendedAttributes } from '../host/posix.ts'

/** Everything about one file that a restore must bring back, as text that reads well when two differ. */
export type FileFacts = Readonly<Record<string, string>>

/**
 * What is below `folder`, by path: kind, permissions, owner, size, content, time of modification, link targets, device numbers, attributes,
 * and which of the paths are names of one file. The folder itself is left out, and sockets, which nobody restores.
 */
export function manifestOf(folder: string): Map<string, FileFacts> {
  const manifest = new Map<string, FileFacts>()
  const firstNames = new Map<string, string>()
  const visit = (path: ByteString, name: string): void => {
    const facts = factsOf(path)
    if (facts.type === 'socket') return
    const { links, inode, deviceId } = readStatus(path)
    const key = `${deviceId}:${inode}`
    if (links > 1 && facts.type !== 'dir' && !firstNames.has(key)) firstNames.set(key, name)
    const same = firstNames.get(key)
    manifest.set(name, same === undefined || same === name ? facts : { ...facts, sameAs: same })
    if (facts.type === 'dir') for (const child of namesIn(path)) visit(joinBytes(path, child), `${name}/${child}`)
  }
  const root = byteStringOf(folder)
  for (const name of namesIn(root)) visit(joinBytes(root, name), name)
  return manifest
}

/** A manifest as plain values, to be compared. */
export function sortedManifest(folder: string): readonly (readonly [string, FileFacts])[] {
  return [...manifestOf(folder)].sort(([a], [b]) => (a < b ? -1 : 1))
}

function namesIn(folder: ByteString): ByteString[] {
  return (readdirSync(systemPath(folder), { encoding: 'latin1' }) as ByteString[]).sort()
}

function factsOf(path: ByteString): FileFacts {
  const status = readStatus(path)
  const type = nodeTypeFromStat(status.mode)
  const { seconds, nanoseconds } = status.modified
  const attributes = readExtendedAttributes(path).map(({ name, value }) => `${name}=${value.toString('hex')}`)
  return {
    type,
    mode: (status.mode & 0o7777).toString(8),
    owner: `${status.userId}:${status.groupId}`,
    modified: `${seconds}.${String(nanoseconds).padStart(9, '0')}`,
    ...(type === 'file'
      ? {
          size: String(status.sizeBytes),
          content: digestOf(path),
        }
      : {}),
    ...(type === 'symlink' ? { leadsTo: readlinkSync(systemPath(path), 'latin1') } : {}),
    ...(type === 'dev' || type === 'chardev' ? { device: String(status.device) } : {}),
    ...(attributes.length > 0 ? { attributes: attributes.sort().join(' ') } : {}),
  }
}

/** SHA-256 of a file of any size. */
function digestOf(path: ByteString): string {
  const digest = createHash('sha256')
  const piece = Buffer.allocUnsafe(1024 * 1024)
  const descriptor = openSync(systemPath(path), 'r')
  try {
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece))
      digest.update(piece.subarray(0, length))
  } finally {
    closeSync(descriptor)
  }
  return digest.digest('hex')
}
