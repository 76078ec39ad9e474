import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** One line of a file of known hosts: which hosts may show which key. */
export interface KnownHost {
  /** Patterns as in `host,[host]:port,*.example.org,!bad.example.org`, or one hashed name. */
  readonly names: string
  readonly keyType: string
  /** The key as it goes over the wire. */
  readonly key: Buffer
  readonly revoked: boolean
}

/** What known hosts say about a key that a server shows. */
export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked'

/** Reads the text of a `known_hosts` file. Comments, broken lines and certificate authorities are left out. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  const hosts: KnownHost[] = []
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/)
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
    const [names, keyType, encoded] = fields
    if (names === undefined || names.startsWith('#') || keyType === undefined || encoded === undefined) continue
    if (marker !== undefined && marker !== '@revoked') continue
    hosts.push({ names, keyType, key: Buffer.from(encoded, 'base64'), revoked: marker === '@revoked' })
  }
  return hosts
}

/** Judges the key that `host` shows at `port`. A host of which only keys of other types are known is unknown with this one. */
export function judgeHostKey(
  known: readonly KnownHost[],
  shown: { readonly host: string; readonly port: number; readonly key: Buffer },
): HostKeyVerdict {
  if (known.some((entry) => entry.revoked && sameKey(entry.key, shown.key))) return 'revoked'
  const entries = entriesOf(known, shown)
  if (entries.some((entry) => sameKey(entry.key, shown.key))) return 'known'
  return entries.some((entry) => entry.keyType === keyTypeOf(shown.key)) ? 'changed' : 'unknown'
}

/** Types of the keys that are known of a host, so that the server can be asked for one of these. */
export function knownKeyTypes(known: readonly KnownHost[], host: string, port: number): readonly string[] {
  return [...new Set(entriesOf(known, { host, port }).map((entry) => entry.keyType))]
}

/** The name under which OpenSSH keeps a host. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** `SHA256:…` as OpenSSH shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type at the beginning of a key's wire form. */
export function keyTypeOf(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0)
  return length > 64 ? '' : key.toString('latin1', 4, 4 + length)
}

function entriesOf(known: readonly KnownHost[], at: { readonly host: string; readonly port: number }): readonly KnownHost[] {
  const name = knownHostName(at.host, at.port)
  return known.filter((entry) => !entry.revoked && matches(entry.names, name))
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|1|')) return matchesHashed(names, name)
  let matched = false
  for (const pattern of names.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false
    } else if (matchesPattern(pattern, name)) matched = true
  }
  return matched
}

function matchesHashed(hashed: string, name: string): boolean {
  const [, , salt = '', digest = ''] = hashed.split('|')
  const expected = Buffer.from(digest, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** Whether a name fits a pattern with `*` and `?`, as in known hosts and in the SSH configuration. */
export function matchesPattern(pattern: string, name: string): boolean {
  const expression = pattern.toLowerCase().replace(/[^a-z0-9]/g, (character) => {
    if (character === '*') return '.*'
    return character === '?' ? '.' : `\\${character}`
  })
  return new RegExp(`^${expression.replace(/(?:\.\*)+/g, '.*')}$`).test(name.toLowerCase())
}

function sameKey(one: Buffer, other: Buffer): boolean {
  return one.equals(other)
}
