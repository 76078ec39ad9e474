import { readFileSync } from 'node:fs'
import { type LookUp, libc } from './libc.ts'

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

/** The lines of `/etc/passwd` or `/etc/group`, both of which begin with name, password, id. */
function entriesOf(file: string): Entry[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .filter(([name, , id]) => name !== undefined && /^[^#+-]/.test(name) && /^\d+$/.test(id ?? ''))
      .map(([name, , id]) => ({ name: name ?? '', id: Number(id) }))
  } catch {
    return []
  }
}
