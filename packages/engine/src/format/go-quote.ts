import { type ByteString, byteStringOf } from './byte-string.ts'
import { isPrintable } from './go-printable.ts'
import { runeAt, runeWidth } from './rune.ts'
import { malformed } from './stored-json.ts'

/** Printable ASCII without the quote and the backslash, which stands for itself. */
const PLAIN = /^[ !#-[\]-~]*$/

/** Text that `strconv.Unquote` gives back as it is. */
const UNESCAPED = /^[^"\\\n]*$/

const NAMED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"' }
const NAME_OF: ReadonlyMap<string, string> = new Map(Object.entries(NAMED).map(([letter, character]) => [character, letter]))

/** An escape sequence, or text that stands for itself, or one character that may not be there. */
const PARTS = /\\(?:([abfnrtv\\"])|x([0-9A-Fa-f]{2})|([0-7]{3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|[^\\"\n]+|[\\"\n]/g

/**
 * What Go's `strconv.Quote` makes of a name, without the quotes around it: printable characters stay, bytes that are not UTF-8 become
 * `\xNN`, everything else has an escape sequence.
 */
export function quoteName(name: ByteString): string {
  return PLAIN.test(name) ? name : quoteSlowly(name)
}

/**
 * The name that a quoted one stands for, as `strconv.Unquote` reads it.
 *
 * @throws EngineError `data.malformed` for escape sequences that Go does not know, a bare quote or a bare line feed
 */
export function unquoteName(text: string): ByteString {
  if (PLAIN.test(text)) return text as ByteString
  return UNESCAPED.test(text) ? byteStringOf(text) : (text.replace(PARTS, unquotePart) as ByteString)
}

function quoteSlowly(name: ByteString): string {
  let quoted = ''
  for (let index = 0; index < name.length; ) {
    const width = runeWidth(name, index)
    const byte = name.charCodeAt(index)
    quoted += width === 1 && byte >= 0x80 ? `\\x${hexadecimal(byte, 2)}` : quoteCodePoint(runeAt(name, index))
    index += width
  }
  return quoted
}

function quoteCodePoint(codePoint: number): string {
  const character = String.fromCodePoint(codePoint)
  const letter = NAME_OF.get(character)
  if (letter !== undefined) return `\\${letter}`
  if (isPrintable(codePoint)) return character
  if (codePoint < 0x80) return `\\x${hexadecimal(codePoint, 2)}`
  return codePoint < 0x10000 ? `\\u${hexadecimal(codePoint, 4)}` : `\\U${hexadecimal(codePoint, 8)}`
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

function unquotePart(part: string, ...groups: readonly (string | undefined)[]): string {
  const [letter, hexByte, octalByte, short, long] = groups
  if (letter !== undefined) return NAMED[letter] ?? ''
  if (hexByte !== undefined) return String.fromCharCode(Number.parseInt(hexByte, 16))
  if (octalByte !== undefined) return unquoteOctal(octalByte)
  const hexCodePoint = short ?? long
  if (hexCodePoint !== undefined) return unquoteCodePoint(Number.parseInt(hexCodePoint, 16))
  if (part === '\\' || part === '"' || part === '\n') throw malformed('name', 'it is not quoted as Go does')
  return byteStringOf(part)
}

function unquoteOctal(digits: string): string {
  const value = Number.parseInt(digits, 8)
  if (value > 255) throw malformed('name', `\\${digits} is no byte`)
  return String.fromCharCode(value)
}

function unquoteCodePoint(codePoint: number): string {
  const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff
  if (surrogate || codePoint > 0x10ffff) throw malformed('name', `it escapes ${codePoint.toString(16)}, which is no character`)
  return byteStringOf(String.fromCodePoint(codePoint))
}
