import { isUtf8 } from 'node:buffer'
import { type ByteString, byteStringFrom, bytesOf, displayText, UTF8_SEQUENCE } from '@holdfast/engine'

/** ASCII that stands for itself in an address. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const PLAIN = /^[^\x00-\x1f%\x7f-\uffff]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ESCAPED = /[\x00-\x1f%\x7f]/g
/** ASCII, characters of UTF-8 beyond it, and whatever else is one byte. */
const SEQUENCE = new RegExp(`[\\x00-\\x7f]+|${UTF8_SEQUENCE}|[\\x80-\\xff]`, 'g')
/** Controls, and marks that make text run the other way or hide: a name shown to people must not look like another. */
const MISLEADING = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
const NAME_LENGTH_MAX = 1000

/** The address of a path, as `snapshotPathSchema` describes it. */
export function addressOf(path: ByteString): string {
  if (PLAIN.test(path)) return path
  const bytes = bytesOf(path)
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(ESCAPED, percent)
  return path.replace(SEQUENCE, (sequence) => {
    if (sequence.length === 1 && sequence >= '\x80') return percent(sequence)
    return Buffer.from(sequence, 'latin1').toString('utf8').replace(ESCAPED, percent)
  })
}

/** The path that an address stands for; the inverse of {@link addressOf}. The address is one that its schema has passed. */
export function pathOfAddress(address: string): ByteString {
  const bytes = Buffer.from(address, 'utf8').toString('latin1')
  return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))) as ByteString
}

/** The names on the way to a path. */
export function namesOf(path: ByteString): ByteString[] {
  return path.split('/').filter((name) => name !== '' && name !== '.') as ByteString[]
}

/** The path of names, from the root. */
export function pathOfNames(names: readonly ByteString[]): ByteString {
  return `/${names.join('/')}` as ByteString
}

/** The path of an entry of a folder. */
export function pathWithin(folder: ByteString, name: ByteString): ByteString {
  return (folder === '/' ? `/${name}` : `${folder}/${name}`) as ByteString
}

/** A name or path for people to read: what is no text, or would mislead them, is replaced by U+FFFD; no longer than a screen holds. */
export function readableName(name: ByteString): string {
  const text = displayText(name.length > NAME_LENGTH_MAX ? byteStringFrom(bytesOf(name).subarray(0, NAME_LENGTH_MAX)) : name)
  return text.replace(MISLEADING, '\ufffd')
}

/** Whether names, as people read them, begin with that text, whatever the case and however accents are written. */
export function beginningWith(prefix: string): (name: Buffer) => boolean {
  const wanted = foldCase(prefix)
  if (PLAIN.test(prefix)) return beginningWithAscii(Buffer.from(prefix.toLowerCase(), 'latin1'))
  return (name) => {
    // As many bytes as the prefix can take, decomposed, and a few more for a character that would be cut.
    const beginning = byteStringFrom(name.subarray(0, wanted.length * 8))
    return foldCase(readableName(beginning)).startsWith(wanted)
  }
}

/** Without making a text of each name: there may be a million. */
function beginningWithAscii(wanted: Buffer): (name: Buffer) => boolean {
  return (name) => {
    if (name.length < wanted.length) return false
    for (let position = 0; position < wanted.length; position++) {
      const byte = name[position] ?? 0
      const small = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
      if (small !== wanted[position]) return false
    }
    return true
  }
}

function foldCase(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
