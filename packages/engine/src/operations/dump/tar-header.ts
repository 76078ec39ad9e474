import { type ByteString, bytesOf } from '../../format/byte-string.ts'

/** What a header of a tar archive says. */
export interface TarHeader {
  /** A folder's ends with a slash. */
  readonly path: ByteString
  readonly type: 'file' | 'dir' | 'symlink'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  readonly sizeBytes: number
  readonly modified: { readonly seconds: number; readonly nanoseconds: number }
  readonly linkTarget: ByteString
  /** Further PAX records, such as `SCHILY.xattr.user.name`. */
  readonly records: ReadonlyMap<string, Buffer>
}

const BLOCK_BYTES = 512
const TYPE_FLAGS = { file: '0', symlink: '2', dir: '5', pax: 'x' } as const
const OCTAL_8_MAX = 0o7777777
const OCTAL_12_MAX = 0o77777777777

/**
 * The header blocks of one entry: ustar, before it a PAX header (POSIX pax, "pax Extended Header") with whatever ustar cannot hold: long
 * names and such that are not ASCII, large numbers, fractions of seconds, attributes. The tar-stream package writes names and attributes as
 * text, which theirs need not be.
 */
export function encodeTarHeader(header: TarHeader): Buffer {
  const records = paxRecords(header)
  const main = ustarBlock(header, TYPE_FLAGS[header.type])
  if (records.length === 0) return main
  const content = Buffer.concat(records)
  const pax = ustarBlock({ ...PAX_HEADER, sizeBytes: content.length }, TYPE_FLAGS.pax)
  return Buffer.concat([pax, content, paddingAfter(content.length), main])
}

/** The zeros that fill the last block of a content. */
export function paddingAfter(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES)
}

/** What a tar archive ends with. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK_BYTES)

const PAX_HEADER: TarHeader = {
  path: 'PaxHeaders.0/entry' as ByteString,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  sizeBytes: 0,
  modified: { seconds: 0, nanoseconds: 0 },
  linkTarget: '' as ByteString,
  records: new Map(),
}

function paxRecords(header: TarHeader): Buffer[] {
  const { path, linkTarget, user, group, uid, gid, sizeBytes, modified } = header
  const records: Buffer[] = []
  if (!fits(path, 100)) records.push(paxRecord('path', bytesOf(path)))
  if (!fits(linkTarget, 100)) records.push(paxRecord('linkpath', bytesOf(linkTarget)))
  if (!fits(user, 32)) records.push(paxRecord('uname', Buffer.from(user)))
  if (!fits(group, 32)) records.push(paxRecord('gname', Buffer.from(group)))
  if (uid > OCTAL_8_MAX) records.push(paxRecord('uid', Buffer.from(String(uid))))
  if (gid > OCTAL_8_MAX) records.push(paxRecord('gid', Buffer.from(String(gid))))
  if (sizeBytes > OCTAL_12_MAX) records.push(paxRecord('size', Buffer.from(String(sizeBytes))))
  if (modified.nanoseconds !== 0 || modified.seconds < 0 || modified.seconds > OCTAL_12_MAX) {
    records.push(paxRecord('mtime', Buffer.from(decimalSeconds(modified))))
  }
  for (const [name, value] of header.records) records.push(paxRecord(name, value))
  return records
}

/** `LENGTH NAME=VALUE\n`, where LENGTH counts itself. */
function paxRecord(name: string, value: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${name}=`), value, Buffer.from('\n')])
  let length = body.length + 1
  while (body.length + String(length).length !== length) length = body.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), body])
}

/** Decimals count upwards from the whole seconds, before 1970 too, which a decimal number does not. */
function decimalSeconds({ seconds, nanoseconds }: TarHeader['modified']): string {
  if (nanoseconds === 0) return String(seconds)
  const isNegative = seconds < 0
  const whole = isNegative ? -(seconds + 1) : seconds
  const fraction = String(isNegative ? 1_000_000_000 - nanoseconds : nanoseconds).padStart(9, '0')
  return `${isNegative ? '-' : ''}${whole}.${fraction}`
}

function fits(text: string, bytes: number): boolean {
  return text.length <= bytes && /^[ -~]*$/.test(text)
}

function ustarBlock(header: TarHeader, typeFlag: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(header.path.slice(0, 100), 0, 'latin1')
  putOctal(block, { offset: 100, digits: 7, value: header.mode })
  putOctal(block, { offset: 108, digits: 7, value: header.uid })
  putOctal(block, { offset: 116, digits: 7, value: header.gid })
  putOctal(block, { offset: 124, digits: 11, value: header.sizeBytes })
  putOctal(block, { offset: 136, digits: 11, value: header.modified.seconds })
  block.write(typeFlag, 156)
  block.write(header.linkTarget.slice(0, 100), 157, 'latin1')
  block.write('ustar\x0000', 257)
  if (fits(header.user, 32)) block.write(header.user, 265)
  if (fits(header.group, 32)) block.write(header.group, 297)
  block.fill(' ', 148, 156)
  putOctal(block, { offset: 148, digits: 6, value: block.reduce((sum, byte) => sum + byte, 0) })
  block[154] = 0
  return block
}

/** A number that does not fit is in the PAX header. */
function putOctal(
  block: Buffer,
  { offset, digits, value }: { readonly offset: number; readonly digits: number; readonly value: number },
): void {
  const text = value >= 0 && value < 8 ** digits ? value.toString(8) : '0'
  block.write(text.padStart(digits, '0'), offset)
}
