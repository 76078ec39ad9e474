import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ByteString, byteStringFrom, byteStringOf, bytesOf } from './byte-string.ts'
import { goString } from './go-json.ts'
import { isPrintable } from './go-printable.ts'
import { quoteName, unquoteName } from './go-quote.ts'

/** Bytes in hexadecimal, then what Go 1.26 makes of them: `json.Marshal` of the inside of `strconv.Quote`, and `json.Marshal` itself. */
const GO_STRINGS = readFileSync(new URL('../../fixtures/format/go-strings.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => /^([0-9a-f]*) ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")$/.exec(line) ?? [])
  .map(([, hex = '', quoted = '', json = '']) => ({ bytes: Buffer.from(hex, 'hex'), quoted, json }))

const anyBytes = fc.uint8Array({ maxLength: 300 }).map(byteStringFrom)
const anyText = fc.string({ unit: 'binary', maxLength: 100 })

describe('quoteName', () => {
  test('quotes as Go does', () => {
    expect(GO_STRINGS.length).toBeGreaterThan(20)
    for (const { bytes, quoted } of GO_STRINGS) expect(goString(quoteName(byteStringFrom(bytes)))).toBe(quoted)
  })

  test('is undone by unquoteName', () => {
    fc.assert(fc.property(anyBytes, (name) => unquoteName(quoteName(name)) === name))
    fc.assert(fc.property(anyText.map(byteStringOf), (name) => unquoteName(quoteName(name)) === name))
  })

  test('leaves printable characters and survives JSON', () => {
    fc.assert(fc.property(anyBytes, (name) => JSON.parse(goString(quoteName(name))) === quoteName(name)))
    expect(quoteName(byteStringOf('Grüße, 世界 😀'))).toBe('Grüße, 世界 😀')
  })
})

describe('unquoteName', () => {
  test.each([
    ['\\a\\b\\f\\n\\r\\t\\v', '\x07\b\f\n\r\t\v'],
    ['\\x41\\xFF\\xfe', 'A\xff\xfe'],
    ['\\101\\377\\000', 'A\xff\0'],
    ['\\u00e9\\u2028', '\xc3\xa9\xe2\x80\xa8'],
    ['\\U0001F600', '\xf0\x9f\x98\x80'],
    ['\\\\\\"', '\\"'],
    ["it's\ttabbed\r", "it's\ttabbed\r"],
    ['é\\n', '\xc3\xa9\n'],
    ['', ''],
  ])('reads %s as Go does', (text, name) => {
    expect(unquoteName(text)).toBe(name)
  })

  test.each([
    '"',
    'a"b',
    '\\',
    'a\\',
    'line\nfeed',
    "\\'",
    '\\z',
    '\\x4',
    '\\xg0',
    '\\400',
    '\\08',
    '\\u12',
    '\\ud800',
    '\\U00110000',
    '\\U123',
  ])('refuses %j as Go does', (text) => {
    expect(() => unquoteName(text)).toThrow(expect.objectContaining({ code: 'data.malformed' }))
  })

  test('is linear in the length of the name', () => {
    expect(unquoteName('\\\\'.repeat(1_000_000))).toHaveLength(1_000_000)
    expect(() => unquoteName(`${'a'.repeat(2_000_000)}\\`)).toThrow('quoted')
  })
})

describe('isPrintable', () => {
  test('agrees with strconv.IsPrint of Unicode 15.0 on every code point', () => {
    const bits = new Uint8Array(0x11_0000 / 8)
    for (let codePoint = 0; codePoint < 0x11_0000; codePoint++) {
      if (isPrintable(codePoint)) bits[codePoint >> 3] = (bits[codePoint >> 3] ?? 0) | (1 << (codePoint & 7))
    }
    // SHA-256 of the same bits set by a Go program that asks strconv.IsPrint.
    expect(hash('sha256', bits, 'hex')).toBe('dbe4beecc0027b38c16c32d304958e611e27baa40412efea4cf616346eb631a2')
  })
})

describe('goString', () => {
  test('writes strings as Go does', () => {
    const utf8 = GO_STRINGS.filter(({ bytes, json }) => bytes.equals(Buffer.from(bytes.toString('utf8'))) && json !== '')
    expect(utf8.length).toBeGreaterThan(10)
    for (const { bytes, json } of utf8) expect(goString(bytes.toString('utf8'))).toBe(json)
  })

  test('is read by JSON as the same text', () => {
    fc.assert(fc.property(anyText, (text) => JSON.parse(goString(text)) === text))
  })

  test('writes lone surrogates as the replacement character and pairs as they are', () => {
    expect(goString('a\ud800b\udc00\ud83d\ude00')).toBe('"a\\ufffdb\\ufffd😀"')
    expect(goString('\ufffd')).toBe('"\ufffd"')
  })
})

test('bytes that are no UTF-8 become one escape sequence each', () => {
  expect(quoteName('\xe2\x82A\xf0\x9f\x98' as ByteString)).toBe('\\xe2\\x82A\\xf0\\x9f\\x98')
  expect(bytesOf(unquoteName('\\xe2\\x82\\xac')).toString('utf8')).toBe('€')
})
