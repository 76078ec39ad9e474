import { realpathSync } from 'node:fs'
import { posix } from 'node:path'
import { type ByteString, byteStringFrom, byteStringOf, displayText, joinBytes, systemPath } from '@holdfast/engine'
import type { Blackout, Limits } from '@holdfast/protocol'
import { AgentError } from '../errors.ts'

/** What the owner of a machine allows the server to do with it. Nothing that a server sends can change or go around it. */
export interface MachinePolicy {
  /** The file that says so; undefined without one. */
  readonly file?: string | undefined
  readonly commands: CommandPolicy
  /** Whether a backup may be of these folders; of everything when undefined. */
  readonly backupPaths: readonly string[] | undefined
  /** What is never backed up, wherever it is. */
  readonly neverBackupPaths: readonly string[]
  /** Whether a server may look at names and sizes of what may be backed up, for people to choose from. */
  readonly browsing: 'allow' | 'deny'
  /** Folders that a server may restore to; everywhere when undefined. */
  readonly restorePaths: readonly string[] | undefined
  /** What no restore may touch, wherever it is: the agent's own files. */
  readonly neverRestorePaths: readonly string[]
  /** Caps, beside those of the server. Blackouts are in the time of this machine. */
  readonly limits: Limits
}

/** Which commands a server may have carried out. */
export interface CommandPolicy {
  readonly fromServer: 'deny' | 'listed' | 'allow'
  /** The only ones that `listed` lets through: whole lines, and patterns for whole lines. */
  readonly lines: readonly string[]
  readonly patterns: readonly RegExp[]
  /** The name of the user that all commands run as; the agent's own when undefined. */
  readonly runAs: string | undefined
}

/** What a machine allows that is its own server. */
export const UNRESTRICTED: MachinePolicy = {
  commands: { fromServer: 'allow', lines: [], patterns: [], runAs: undefined },
  backupPaths: undefined,
  neverBackupPaths: [],
  browsing: 'allow',
  restorePaths: undefined,
  neverRestorePaths: [],
  limits: { blackouts: [] },
}

/** Whether a command that a server sent may run. */
export function allowsCommand({ fromServer, lines, patterns }: CommandPolicy, line: string): boolean {
  if (fromServer !== 'listed') return fromServer === 'allow'
  return lines.includes(line) || patterns.some((pattern) => pattern.test(line))
}

/**
 * Holds what a server wants backed up against the policy. Where a path leads by symbolic links counts as well as how it is written.
 * @returns what has to be left out of the backup because the policy never allows it.
 * @throws {AgentError} `policy.forbidden`
 */
export function checkBackupPaths(policy: MachinePolicy, paths: readonly string[]): readonly string[] {
  const never = policy.neverBackupPaths.flatMap(bothForms)
  for (const path of paths) {
    requireAbsolute(path)
    const forms = bothForms(path)
    if (forms.some((form) => never.some((one) => isWithin(form, one)))) throw forbidden(`back up ${path}`)
    requireWithin(forms, { allowed: policy.backupPaths, action: `back up ${path}` })
  }
  return never.filter((one) => paths.some((path) => bothForms(path).some((form) => isWithin(one, form))))
}

/**
 * Holds where a server wants something restored to against the policy.
 * @throws {AgentError} `policy.forbidden`
 */
export function checkRestorePaths(policy: MachinePolicy, paths: readonly ByteString[]): void {
  const never = policy.neverRestorePaths.flatMap(bothForms)
  for (const bytes of paths) {
    const path = displayText(bytes)
    requireAbsolute(path)
    const forms = formsOf(bytes)
    // A restore to a folder above would reach them as well.
    if (forms.some((form) => never.some((one) => isWithin(form, one) || isWithin(one, form)))) throw forbidden(`restore to ${path}`)
    requireWithin(forms, { allowed: policy.restorePaths, action: `restore to ${path}` })
  }
}

/** The stricter of both for each. Blackouts are the server's own: those of the machine are in another time zone. */
export function strictestLimits(server: Limits, machine: Limits): Limits {
  const least = (...values: readonly (number | undefined)[]): number | undefined => {
    const given = values.filter((value) => value !== undefined)
    return given.length === 0 ? undefined : Math.min(...given)
  }
  const uploadBytesPerSecond = least(server.uploadBytesPerSecond, machine.uploadBytesPerSecond)
  const downloadBytesPerSecond = least(server.downloadBytesPerSecond, machine.downloadBytesPerSecond)
  const maxDurationMinutes = least(server.maxDurationMinutes, machine.maxDurationMinutes)
  return {
    blackouts: server.blackouts,
    ...(uploadBytesPerSecond === undefined ? {} : { uploadBytesPerSecond }),
    ...(downloadBytesPerSecond === undefined ? {} : { downloadBytesPerSecond }),
    ...(maxDurationMinutes === undefined ? {} : { maxDurationMinutes }),
  }
}

/** Whether a moment is in one of the windows, on the clock of this machine. One that began yesterday and lasts over midnight counts. */
export function isBlackedOut(atMs: number, blackouts: readonly Blackout[]): boolean {
  const local = new Date(atMs)
  const minute = local.getHours() * 60 + local.getMinutes()
  return blackouts.some(({ from, to, days }) => {
    const [start, end] = [minuteOf(from), minuteOf(to)]
    const counts = (day: number): boolean => days === undefined || days.length === 0 || days.includes((day + 7) % 7)
    if (start < end) return counts(local.getDay()) && start <= minute && minute < end
    return (minute >= start && counts(local.getDay())) || (minute < end && counts(local.getDay() - 1))
  })
}

/** Whether a path is a folder or below it. Both are absolute and clean. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`)
}

function requireWithin(
  forms: readonly string[],
  { allowed, action }: { readonly allowed: readonly string[] | undefined; readonly action: string },
): void {
  if (allowed === undefined) return
  const folders = allowed.flatMap(bothForms)
  if (!forms.every((form) => folders.some((folder) => isWithin(form, folder)))) throw forbidden(action)
}

/** A path as it is written, without dots, and where its folder really is. */
function bothForms(path: string): readonly string[] {
  return formsOf(byteStringOf(path))
}

/** The same of the bytes: links are found by them, and a name that is no text would be another one as text. */
function formsOf(path: ByteString): readonly string[] {
  const clean = posix.resolve('/', path) as ByteString
  return [...new Set([clean, realPathOf(clean)])].map(displayText)
}

/** The path with the links on the way resolved, its last part excepted: a link is backed up, not followed. What is missing stays as is. */
function realPathOf(path: ByteString): ByteString {
  const folder = posix.dirname(path) as ByteString
  if (folder === path) return path
  const name = posix.basename(path) as ByteString
  try {
    return joinBytes(byteStringFrom(realpathSync.native(systemPath(folder), 'buffer')), name)
  } catch {
    return joinBytes(realPathOf(folder), name)
  }
}

function requireAbsolute(path: string): void {
  if (!path.startsWith('/') || path.includes('\0'))
    throw new AgentError('policy.forbidden', `Cannot use ${path}: it is not an absolute path`)
}

function forbidden(action: string): AgentError {
  return new AgentError('policy.forbidden', `Refused to ${action}: the policy of this machine does not allow it`)
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
