import { realpathSync } from 'node:fs'
import { posix } from 'node:path'
import { type ByteString, byteStringOf, displayText, joinBytes, systemPath } from '@holdfast/engine'
import { AgentError } from '../errors.ts'
import type { MachinePolicy } from '../runner/machine-policy.ts'

/** How a folder may be shown. */
export interface FolderView {
  /** Whether an entry of it is shown. */
  shows(name: ByteString): boolean
}

/**
 * Holds the wish to look at a folder against the policy of the machine. A folder that may be backed up is shown, without what never is;
 * of a folder above such a one, only the way there. Where a path leads by symbolic links counts as well as how it is written.
 * @throws {AgentError} `policy.forbidden`
 */
export function viewOf(policy: MachinePolicy, folder: ByteString): FolderView {
  const formsOfText = (path: string): readonly ByteString[] => formsOf(byteStringOf(path))
  const allowed = policy.backupPaths?.flatMap(formsOfText)
  const never = policy.neverBackupPaths.flatMap(formsOfText)
  const isOpen = (path: ByteString): boolean => allowed === undefined || allowed.some((one) => isWithin(path, one))
  const isOnTheWay = (path: ByteString): boolean => allowed?.some((one) => isWithin(one, path)) ?? false
  const mayShow = (path: ByteString): boolean => !never.some((one) => isWithin(path, one)) && (isOpen(path) || isOnTheWay(path))
  const forms = formsOf(folder)
  if (!folder.startsWith('/') || !forms.every(mayShow)) throw forbidden(`show what is in ${displayText(folder)}`)
  return { shows: (name) => forms.every((form) => mayShow(joinBytes(form, name))) }
}

/** The folders that looking around begins with. @throws {AgentError} `policy.forbidden` */
export function rootsOf(policy: MachinePolicy): readonly ByteString[] {
  if (policy.backupPaths === undefined) return ['/' as ByteString]
  if (policy.backupPaths.length === 0) throw forbidden('show any folder')
  return [...new Set(policy.backupPaths.map((path) => posix.resolve('/', path)))].map((path) => byteStringOf(path))
}

/** @throws {AgentError} `policy.forbidden` where the owner of the machine has switched looking around off. */
export function demandBrowsing({ browsing }: Pick<MachinePolicy, 'browsing'>): void {
  if (browsing === 'deny') throw forbidden('show what files there are')
}

/** A path as it is written, without dots, and where it really is. */
function formsOf(path: ByteString): readonly ByteString[] {
  const clean = posix.resolve('/', path) as ByteString
  return [...new Set([clean, realFormOf(clean)])]
}

/** With all links resolved; what is missing stays as it is, below what is there. */
function realFormOf(path: ByteString): ByteString {
  try {
    return realpathSync.native(systemPath(path), 'latin1') as ByteString
  } catch {
    const folder = posix.dirname(path) as ByteString
    return folder === path ? path : joinBytes(realFormOf(folder), posix.basename(path) as ByteString)
  }
}

/** Whether a path is a folder or below it. Both are absolute and clean. */
function isWithin(path: ByteString, folder: ByteString): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`)
}

function forbidden(action: string): AgentError {
  return new AgentError('policy.forbidden', `Refused to ${action}: the policy of this machine does not allow it`)
}
