import type { ByteString } from './byte-string.ts'

/** The greatest code point of each width in bytes, from which on shorter forms must be used. */
const SMALLEST_OF_WIDTH = [0, 0, 0x80, 0x800, 0x10000]

/**
 * The code point that begins at `index` of UTF-8 bytes, or -1 where the byte there begins no valid one: Go then takes that single byte as
 * invalid and goes on behind it, where other decoders skip several at once.
 */
export function codePointAt(bytes: ByteString, index: number): number {
  const first = bytes.charCodeAt(index)
  if (first < 0x80) return first
  const width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || index + width > bytes.length) return -1
  let codePoint = first & (0x7f >> width)
  for (let next = index + 1; next < index + width; next++) {
    const byte = bytes.charCodeAt(next)
    if ((byte & 0xc0) !== 0x80) return -1
    codePoint = (codePoint << 6) | (byte & 0x3f)
  }
  const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff
  return codePoint < (SMALLEST_OF_WIDTH[width] ?? 0) || codePoint > 0x10ffff || surrogate ? -1 : codePoint
}

/** How many bytes a code point takes in UTF-8. */
export function utf8Width(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}
