import type { NodeType } from './node.ts'

/** The bit of folders in Go's `os.FileMode`, which is kept as an unsigned number of 32 bits. */
export const GO_MODE_DIR = 0x8000_0000

/** The other bits; the lowest nine are the permissions, as in `stat`. */
const GO_MODE_SYMLINK = 0x0800_0000
const GO_MODE_DEVICE = 0x0400_0000
const GO_MODE_NAMED_PIPE = 0x0200_0000
const GO_MODE_SOCKET = 0x0100_0000
const GO_MODE_SETUID = 0x0080_0000
const GO_MODE_SETGID = 0x0040_0000
const GO_MODE_CHAR_DEVICE = 0x0020_0000
const GO_MODE_STICKY = 0x0010_0000

/** The letters of the bits from the highest down, as Go's `FileMode.String` has them; those at `?` have no other name. */
const MODE_LETTERS = 'dalTLDpSugct?'
const PERMISSION_LETTERS = 'rwxrwxrwx'

const STAT_KIND_MASK = 0o170000

/** What `stat` calls a kind of file, as node type and as bits of Go. */
const KINDS: ReadonlyMap<number, { readonly type: NodeType; readonly bits: number }> = new Map([
  [0o100000, { type: 'file', bits: 0 }],
  [0o040000, { type: 'dir', bits: GO_MODE_DIR }],
  [0o120000, { type: 'symlink', bits: GO_MODE_SYMLINK }],
  [0o060000, { type: 'dev', bits: GO_MODE_DEVICE }],
  [0o020000, { type: 'chardev', bits: GO_MODE_DEVICE + GO_MODE_CHAR_DEVICE }],
  [0o010000, { type: 'fifo', bits: GO_MODE_NAMED_PIPE }],
  [0o140000, { type: 'socket', bits: GO_MODE_SOCKET }],
])

/** What a node of a type shows in a listing even if its stored mode lacks the bits. */
const BITS_OF_TYPE: ReadonlyMap<NodeType, number> = new Map([...KINDS.values()].map(({ type, bits }) => [type, bits]))

/** The mode of a node from `st_mode`: permissions, kind, set-user-id, set-group-id and sticky, which are the bits that restic stores. */
export function goModeFromStat(statMode: number): number {
  let mode = (statMode & 0o777) + (KINDS.get(statMode & STAT_KIND_MASK)?.bits ?? 0)
  if ((statMode & 0o4000) !== 0) mode += GO_MODE_SETUID
  if ((statMode & 0o2000) !== 0) mode += GO_MODE_SETGID
  if ((statMode & 0o1000) !== 0) mode += GO_MODE_STICKY
  return mode
}

/** The permissions of a stored mode as `chmod` takes them: the lowest twelve bits of `st_mode`. */
export function statModeFromGo(goMode: number): number {
  let mode = goMode & 0o777
  if ((goMode & GO_MODE_SETUID) !== 0) mode |= 0o4000
  if ((goMode & GO_MODE_SETGID) !== 0) mode |= 0o2000
  if ((goMode & GO_MODE_STICKY) !== 0) mode |= 0o1000
  return mode
}

/** The type of node that a file with this `st_mode` becomes; `irregular` for a kind that restic does not store. */
export function nodeTypeFromStat(statMode: number): NodeType {
  return KINDS.get(statMode & STAT_KIND_MASK)?.type ?? 'irregular'
}

/** A mode for people, as restic's `ls -l` shows it: `drwxr-xr-x`, `-rw-r--r--`, `Lrwxrwxrwx`, `Dcrw-rw-rw-`, `ugrwxr-xr-x`. */
export function describeMode(type: NodeType, goMode: number): string {
  const mode = goMode | (BITS_OF_TYPE.get(type) ?? 0)
  const kind = [...MODE_LETTERS].filter((_, index) => (mode & (1 << (31 - index))) !== 0).join('')
  const permissions = [...PERMISSION_LETTERS].map((letter, index) => ((mode & (1 << (8 - index))) === 0 ? '-' : letter))
  return (kind || '-') + permissions.join('')
}
