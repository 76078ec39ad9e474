import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ByteString, byteStringOf } from './byte-string.ts'
import { INVALID_RUNE, lowerCaseBytes, runeAt, runeWidth } from './rune.ts'

const codePoint = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))

describe('runeAt', () => {
  it('reads what is valid UTF-8', () => {
    fc.assert(
      fc.property(fc.array(codePoint, { minLength: 1 }), (codePoints) => {
        const text = String.fromCodePoint(...codePoints)
        const bytes = byteStringOf(text)
        const runes: number[] = []
        for (let index = 0; index < bytes.length; index += runeWidth(bytes, index)) runes.push(runeAt(bytes, index))
        expect(runes).toEqual(codePoints)
      }),
    )
  })

  it.each([
    ['\x80', 'a byte that only continues'],
    ['\xc0\x80', 'a longer form than needed'],
    ['\xc1\xbf', 'a longer form than needed'],
    ['\xe0\x9f\xbf', 'a longer form than needed'],
    ['\xf0\x8f\xbf\xbf', 'a longer form than needed'],
    ['\xed\xa0\x80', 'a surrogate'],
    ['\xf4\x90\x80\x80', 'more than U+10FFFF'],
    ['\xff', 'a byte of no use'],
    ['\xe2\x82', 'a character cut short'],
    ['\xc3', 'a character cut short'],
    ['\xf0\x9f\x98a', 'a character broken off'],
  ])('takes one byte of %j: %s', (bytes) => {
    expect([runeWidth(bytes, 0), runeAt(bytes, 0)]).toEqual([1, INVALID_RUNE])
  })

  it('finds all bytes that the decoder of Node.js replaces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), (raw) => {
        const bytes = Buffer.from(raw).toString('latin1')
        const widths: number[] = []
        for (let index = 0; index < bytes.length; index += runeWidth(bytes, index))
          widths.push(runeAt(bytes, index) === INVALID_RUNE ? 0 : 1)
        const kept = [...Buffer.from(raw).toString('utf8')].filter((character) => character !== '\ufffd')
        expect(widths.filter((width) => width === 1)).toHaveLength(kept.length)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('lowerCaseBytes', () => {
  it.each([
    ['ABCxyz-[\\]', 'abcxyz-[\\]'],
    ['ÄÖÜ ẞ', 'äöü ß'],
    ['ΑΣ', 'ασ'],
    ['İI', 'ii'],
    ['Ⅷ Ａ 𐐀', 'ⅷ ａ 𐐨'],
  ])('%s', (text, expected) => {
    expect(lowerCaseBytes(byteStringOf(text))).toBe(byteStringOf(expected))
  })

  it('replaces what is not UTF-8', () => {
    expect(lowerCaseBytes('A\xff\xe2\x82' as ByteString)).toBe(byteStringOf('a\ufffd\ufffd\ufffd'))
  })
})
