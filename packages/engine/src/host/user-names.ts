import { readFileSync } from 'node:fs'
import { type AccountEntry, type LookUp, libc } from './libc.ts'

interface Entry {
  readonly name: string
  readonly id: number
}

const userNames = new Map<number, string>()
const groupNames = new Map<number, string>()
const userIds = new Map<string, number | undefined>()
const groupIds = new Map<string, number | undefined>()

/** The name of a user, asked once of the system's user database (files, LDAP, …); empty when it has none. */
export function userName(userId: number): string {
  return remembered(userNames, userId, () => entryById(libc()?.getpwuid, { file: '/etc/passwd', id: userId })?.name ?? '')
}

/** The name of a group; empty when it has none. */
export function groupName(groupId: number): string {
  return remembered(groupNames, groupId, () => entryById(libc()?.getgrgid, { file: '/etc/group', id: groupId })?.name ?? '')
}

/** The id of a user by name; undefined when there is none of that name. */
export function userIdOf(name: string): number | undefined {
  return remembered(userIds, name, () => entryByName(libc()?.getpwnam, { file: '/etc/passwd', name })?.id)
}

/** The id of a group by name; undefined when there is none of that name. */
export function groupIdOf(name: string): number | undefined {
  return remembered(groupIds, name, () => entryByName(libc()?.getgrnam, { file: '/etc/group', name })?.id)
}

/** A user that programs can be run as. */
export interface Account extends AccountEntry {
  readonly name: string
}

/** The user of a name, asked anew each time; undefined when there is none. */
export function accountOf(name: string): Account | undefined {
  if (name === '' || name.includes('\0')) return undefined
  const library = libc()
  const entry = library === undefined ? accountInFile(name) : library.getaccount(Buffer.from(`${name}\0`, 'utf8'))
  return entry && { name, ...entry }
}

function remembered<Key, Value>(cache: Map<Key, Value>, key: Key, find: () => Value): Value {
  if (!cache.has(key)) cache.set(key, find())
  return cache.get(key) as Value
}

function entryById(lookUp: LookUp<number> | undefined, wanted: { readonly file: string; readonly id: number }): Entry | undefined {
  return lookUp === undefined ? entriesOf(wanted.file).find(({ id }) => id === wanted.id) : lookUp(wanted.id)
}

function entryByName(lookUp: LookUp<Uint8Array> | undefined, wanted: { readonly file: string; readonly name: string }): Entry | undefined {
  if (wanted.name === '' || wanted.name.includes('\0')) return undefined
  if (lookUp === undefined) return entriesOf(wanted.file).find(({ name }) => name === wanted.name)
  return lookUp(Buffer.from(`${wanted.name}\0`, 'utf8'))
}

function accountInFile(wanted: string): AccountEntry | undefined {
  const fields = linesOf('/etc/passwd')
    .map((line) => line.split(':'))
    .find(([name]) => name === wanted)
  const [, , userId = '', groupId = '', , homeFolder = '/'] = fields ?? []
  return /^\d+$/.test(userId) && /^\d+$/.test(groupId) ? { userId: Number(userId), groupId: Number(groupId), homeFolder } : undefined
}

/** The lines of `/etc/passwd` or `/etc/group`, both of which begin with name, password, id. */
function entriesOf(file: string): Entry[] {
  return linesOf(file)
    .map((line) => line.split(':'))
    .filter(([name, , id]) => name !== undefined && /^[^#+-]/.test(name) && /^\d+$/.test(id ?? ''))
    .map(([name, , id]) => ({ name: name ?? '', id: Number(id) }))
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
