import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { type ByteString, byteStringOf, bytesOf, joinBytes } from '../format/byte-string.ts'
import { makeNode, setExtendedAttribute, setTimes } from '../host/posix.ts'

/** A name that is not valid UTF-8. */
export const INVALID_UTF8_NAME = 'bad-\xff\xfe-name' as ByteString

/** Names that programs get wrong. */
const ODD_NAMES: readonly ByteString[] = [
  byteStringOf('new\nline'),
  byteStringOf('emoji 🗄️ and 漢字'),
  byteStringOf('quote"and\\backslash'),
  byteStringOf('<html>&amp;'),
  byteStringOf('separator \u2028 and \u0085 control \u0007'),
  byteStringOf('unassigned \u{e0fff} and \u{1faff}'),
  byteStringOf('x'.repeat(255)),
  byteStringOf(' leading and trailing '),
  byteStringOf('-rf'),
  byteStringOf('..hidden'),
  INVALID_UTF8_NAME,
  '\xc3' as ByteString,
]

/**
 * Fills `folder` with one of everything that a file system can hold: every kind of entry, odd names, modes and times, hard links, links
 * that lead nowhere, extended attributes, ACLs, empty and sparse and large files. Devices only as root. restic before 0.16 stores a link
 * whose target is not UTF-8 in another way, so that it can be left out.
 */
export async function makeOddTree(folder: string, options: { readonly withInvalidLinkTarget?: boolean } = {}): Promise<void> {
  const root = byteStringOf(folder)
  mkdirSync(folder, { recursive: true })
  const at = (name: string): ByteString => joinBytes(root, byteStringOf(name))
  for (const name of ODD_NAMES) writeFileSync(bytesOf(joinBytes(root, name)), `content of ${name}`)
  mkdirSync(bytesOf(joinBytes(root, 'folder \xe9' as ByteString)))
  writeFileSync(at('empty'), '')
  writeFileSync(at('large'), randomBytes(5_000_000))
  writeFileSync(at('repetitive'), Buffer.alloc(3_000_000, 'again and again '))
  makeSparseFile(at('sparse'), 40_000_000)
  makeLinks(at)
  if (options.withInvalidLinkTarget !== false) symlinkSync(Buffer.from('bad \xff target', 'latin1'), at('link to invalid UTF-8'))
  makeModesAndTimes(at)
  makeAttributes(at)
  makeNode(at('pipe'), 0o010_640, 0)
  if (process.getuid?.() === 0) {
    makeNode(at('character device'), 0o020_666, 0x0103)
    makeNode(at('block device'), 0o060_660, 0x0700)
  }
  await makeSocket(folder)
}

/** A file of that size that holds a little data and otherwise takes no room. */
export function makeSparseFile(path: string, sizeBytes: number): void {
  const descriptor = openSync(path, 'w')
  writeSync(descriptor, 'data in the middle', Math.floor(sizeBytes / 2))
  closeSync(descriptor)
  truncateSync(path, sizeBytes)
}

function makeLinks(at: (name: string) => ByteString): void {
  linkSync(at('large'), at('hard link to large'))
  mkdirSync(at('deep'))
  linkSync(at('large'), at('deep/another hard link'))
  symlinkSync('large', at('link'))
  symlinkSync('/nowhere/at/all', at('dangling link'))
  symlinkSync('.', at('link to here'))
  symlinkSync('large', at('hard linked link'))
  linkSync(at('hard linked link'), at('deep/hard linked link'))
}

function makeModesAndTimes(at: (name: string) => ByteString): void {
  for (const mode of [0o000, 0o400, 0o755, 0o4755, 0o2711, 0o1777, 0o7777]) {
    writeFileSync(at(`mode ${mode.toString(8)}`), 'mode')
    chmodSync(at(`mode ${mode.toString(8)}`), mode)
  }
  mkdirSync(at('sticky folder'))
  chmodSync(at('sticky folder'), 0o1777)
  mkdirSync(at('read-only folder'))
  writeFileSync(at('read-only folder/inside'), 'inside')
  chmodSync(at('read-only folder'), 0o555)
  const times = { 'before 1970': -1, nanoseconds: 1_234_567_890, 'far future': 4_102_444_800 }
  for (const [name, seconds] of Object.entries(times)) {
    writeFileSync(at(name), name)
    utimesSync(at(name), 1, 1)
    const time = { seconds, nanoseconds: 123_456_789 }
    setTimes(at(name), { access: time, modification: time })
  }
}

function makeAttributes(at: (name: string) => ByteString): void {
  writeFileSync(at('attributes'), 'attributes')
  setExtendedAttribute(at('attributes'), { name: 'user.holdfast', value: Buffer.from('value') })
  setExtendedAttribute(at('attributes'), { name: 'user.binary', value: Buffer.from([0, 255, 10, 0]) })
  setExtendedAttribute(at('attributes'), { name: 'user.empty', value: Buffer.alloc(0) })
  setExtendedAttribute(at('deep'), { name: 'user.on.folder', value: Buffer.from('x') })
  // A POSIX ACL as the kernel stores it: version 2, then entries of tag, permissions and id; here one more user beside the usual three.
  const entries: readonly [number, number, number][] = [
    [0x01, 6, 0xffff_ffff],
    [0x02, 7, 4242],
    [0x04, 4, 0xffff_ffff],
    [0x10, 7, 0xffff_ffff],
    [0x20, 4, 0xffff_ffff],
  ]
  const acl = Buffer.alloc(4 + entries.length * 8)
  acl.writeUInt32LE(2, 0)
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    acl.writeUInt16LE(tag, 4 + index * 8)
    acl.writeUInt16LE(permissions, 6 + index * 8)
    acl.writeUInt32LE(id, 8 + index * 8)
  }
  setExtendedAttribute(at('attributes'), { name: 'system.posix_acl_access', value: acl })
}

/** Sockets are left out of backups: here is one to see that. */
async function makeSocket(folder: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(`${folder}/socket`, resolve))
  // Closing removes the file, so that the server stays open, without keeping the process.
  server.unref()
  lstatSync(`${folder}/socket`)
}
