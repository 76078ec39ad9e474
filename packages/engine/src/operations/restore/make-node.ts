import { constants, linkSync, readlinkSync, symlinkSync } from 'node:fs'
import { EngineError } from '../../errors.ts'
import { type ByteString, bytesOf, systemPath } from '../../format/byte-string.ts'
import { nodeTypeFromStat } from '../../format/file-mode.ts'
import { type FileStatus, findStatus, readStatus } from '../../host/file-status.ts'
import { makeNode } from '../../host/posix.ts'
import { clearPlace } from './remove-tree.ts'
import type { NodeOrder } from './restore-tasks.ts'

const { S_IFBLK, S_IFCHR, S_IFIFO } = constants

/**
 * Makes a symbolic link, device file, named pipe or hard link. What is there already and is the same stays, anything else gives way.
 *
 * @throws EngineError or Node's system error
 */
export function makeSpecial(order: NodeOrder, options: { readonly removeExtraneous: boolean }): void {
  const status = findStatus(order.path)
  if (status !== undefined) {
    if (isSame(order, status)) return
    clearPlace(order.path, options.removeExtraneous)
  }
  const path = systemPath(order.path)
  const { type } = order
  if (order.hardLinkTo !== undefined) linkSync(systemPath(order.hardLinkTo), path)
  else if (type === 'symlink') symlinkSync(systemPath(linkTargetOf(order)), path)
  else if (type === 'dev') makeNode(order.path, S_IFBLK | 0o600, order.device)
  else if (type === 'chardev') makeNode(order.path, S_IFCHR | 0o600, order.device)
  else if (type === 'fifo') makeNode(order.path, S_IFIFO | 0o600, 0)
  else throw new EngineError('data.malformed', `Cannot restore a node of type ${JSON.stringify(type.slice(0, 40))}: not known`)
}

function isSame(order: NodeOrder, status: FileStatus): boolean {
  if (order.hardLinkTo !== undefined) {
    const first = readStatus(order.hardLinkTo)
    return first.inode === status.inode && first.deviceId === status.deviceId
  }
  if (nodeTypeFromStat(status.mode) !== order.type || status.links > 1) return false
  if (order.type === 'symlink') return readlinkSync(systemPath(order.path), 'buffer').equals(bytesOf(linkTargetOf(order)))
  return order.type === 'fifo' || BigInt(status.device) === BigInt(order.device)
}

function linkTargetOf({ linkTarget, path }: NodeOrder): ByteString {
  if (linkTarget !== undefined && linkTarget !== '') return linkTarget
  throw new EngineError('data.malformed', `Cannot restore the symbolic link ${systemPath(path)}: it leads nowhere`)
}
