import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteStringFrom } from '../format/byte-string.ts'
import { readRawSources, readSourceLines, readSourcePatterns } from './source-list.ts'

describe('readSourcePatterns', () => {
  it('leaves out comments and white space', () => {
    expect(readSourcePatterns(Buffer.from('/home/*\n # no\n\n  /etc/[a-c]* \r\n/a#b'))).toEqual(['/home/*', '/etc/[a-c]*', '/a#b'])
  })
})

describe('readSourceLines', () => {
  it('takes lines as they are', () => {
    expect(readSourceLines(Buffer.from(' /a \n#b\r\n\n\n/c*\xff', 'latin1'))).toEqual([' /a ', '#b', '/c*\xff'])
  })

  it('knows the encodings of text files', () => {
    expect(readSourceLines(Buffer.from('\ufeff/a\n', 'utf16le'))).toEqual(['/a'])
  })
})

describe('readRawSources', () => {
  it('takes everything but the zero byte', () => {
    expect(readRawSources(Buffer.from('/a\n \0#b\r\0'))).toEqual(['/a\n ', '#b\r'])
    expect(readRawSources(Buffer.alloc(0))).toEqual([])
  })

  it('refuses a list that is cut short and empty paths', () => {
    for (const text of ['/a', '/a\0/b', '\0', '/a\0\0/b\0']) {
      expect(() => readRawSources(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'input.invalid' }))
    }
  })

  it('reads back any names', () => {
    const anyName = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => byteStringFrom(bytes.map((byte) => byte || 1)))
    fc.assert(
      fc.property(fc.array(anyName), (names) => {
        expect(readRawSources(Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'))).toEqual(names)
      }),
    )
  })
})
