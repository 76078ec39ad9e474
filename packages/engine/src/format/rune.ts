import { type ByteString, byteStringOf } from './byte-string.ts'

/** What Go's decoder makes of a byte that does not belong to valid UTF-8. */
export const INVALID_RUNE = 0xfffd

/**
 * Bytes of the character that begins at `index` of UTF-8 bytes. A byte that begins no valid character counts as a character of one byte, as
 * in Go. `index` must be inside of `bytes`.
 */
export function runeWidth(bytes: string, index: number): number {
  const lead = bytes.charCodeAt(index)
  if (lead < 0x80) return 1
  const width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  if (lead < 0xc2 || lead > 0xf4) return 1
  const second = bytes.charCodeAt(index + 1)
  // Longer forms than needed, surrogates and what lies beyond U+10FFFF are told by the second byte.
  if (second < (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80) || second > (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf))
    return 1
  for (let offset = 1; offset < width; offset++) if ((bytes.charCodeAt(index + offset) & 0xc0) !== 0x80) return 1
  return width
}

/** The code point of that character, {@link INVALID_RUNE} for a byte that begins none. */
export function runeAt(bytes: string, index: number): number {
  const lead = bytes.charCodeAt(index)
  const width = runeWidth(bytes, index)
  if (width === 1) return lead < 0x80 ? lead : INVALID_RUNE
  let rune = lead & (0x7f >> width)
  for (let offset = 1; offset < width; offset++) rune = (rune << 6) | (bytes.charCodeAt(index + offset) & 0x3f)
  return rune
}

/**
 * UTF-8 in lower case, each character by itself, as Go's `strings.ToLower` does it: every byte that is not valid UTF-8 becomes U+FFFD,
 * unless all bytes are ASCII.
 */
export function lowerCaseBytes(bytes: ByteString): ByteString {
  if (!/[\x80-\xff]/.test(bytes)) return bytes.toLowerCase() as ByteString
  let text = ''
  for (let index = 0; index < bytes.length; index += runeWidth(bytes, index)) text += lowerCaseRune(runeAt(bytes, index))
  return byteStringOf(text)
}

function lowerCaseRune(rune: number): string {
  // The one character whose lower case is two characters in JavaScript; Go takes the first of them.
  return rune === 0x130 ? 'i' : String.fromCodePoint(rune).toLowerCase()
}
