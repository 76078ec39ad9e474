import { type ByteString, byteStringFrom, byteStringOf } from '../format/byte-string.ts'

/** White space of Unicode that is more than one byte in UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A and so on. */
const WIDE_SPACES: readonly string[] = [...'\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a']
  .concat([...'\u2028\u2029\u202f\u205f\u3000'])
  .map(byteStringOf)

/**
 * The lines of a text file, without their ends (`\n` or `\r\n`). Bytes are taken as they are; a byte order mark is dropped, and what it
 * marks as UTF-16 becomes UTF-8.
 */
export function readLines(bytes: Uint8Array): ByteString[] {
  const lines = decode(bytes).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line) as ByteString)
}

/** A line without white space at its ends: all that Unicode counts as such, in UTF-8. */
export function trimSpace(line: ByteString): ByteString {
  let start = 0
  let end = line.length
  for (let width = spaceAt(line, start); width > 0 && start < end; width = spaceAt(line, start)) start += width
  for (let width = spaceBefore(line, end); width > 0 && end > start; width = spaceBefore(line, end)) end -= width
  return line.slice(start, end) as ByteString
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return byteStringOf(new TextDecoder('utf-16be').decode(bytes))
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return byteStringOf(new TextDecoder('utf-16le').decode(bytes))
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return byteStringFrom(hasMark ? bytes.subarray(3) : bytes)
}

function spaceAt(line: string, index: number): number {
  if (isNarrowSpace(line.charCodeAt(index))) return 1
  return WIDE_SPACES.find((space) => line.startsWith(space, index))?.length ?? 0
}

function spaceBefore(line: string, index: number): number {
  if (isNarrowSpace(line.charCodeAt(index - 1))) return 1
  return WIDE_SPACES.find((space) => line.endsWith(space, index))?.length ?? 0
}

/** Tab, line feed, vertical tab, form feed, carriage return, space. */
function isNarrowSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}
