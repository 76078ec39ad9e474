// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables in the notation of shells are what is tested here
import { describe, expect, it } from 'vitest'
import { type ByteString, byteStringOf } from '../format/byte-string.ts'
import { expandVariables, readPatternLines } from './pattern-file.ts'

describe('readPatternLines', () => {
  it('leaves out empty lines, comments and white space at the ends', () => {
    const file = '# comment\n\n  # comment too\r\n*.go \r\n\tfoo bar star.txt\n!#kept\n$HOME/*\n   \n\\#kept'
    expect(readPatternLines(Buffer.from(file))).toEqual(['*.go', 'foo bar star.txt', '!#kept', '$HOME/*', '\\#kept'])
    expect(readPatternLines(Buffer.alloc(0))).toEqual([])
  })

  it('trims what Unicode calls white space and keeps bytes that are none', () => {
    expect(readPatternLines(Buffer.from('\u00a0\u2003ä b\u3000\u0085\v\n\u200bx'))).toEqual(['ä b', '\u200bx'].map(byteStringOf))
    expect(readPatternLines(Buffer.from([0xff, 0x20, 0x0a, 0xa0, 0x0a]))).toEqual(['\xff', '\xa0'])
  })

  it('reads UTF-16 by its mark and drops that of UTF-8', () => {
    const text = '# ä\n/höme/*\n'
    const little = Buffer.from(`\ufeff${text}`, 'utf16le')
    const big = Buffer.from(little).swap16()
    for (const file of [little, big, Buffer.from(`\ufeff${text}`)]) expect(readPatternLines(file)).toEqual([byteStringOf('/höme/*')])
  })
})

describe('expandVariables', () => {
  const values: Record<string, string> = { HOME: '/home/u', A: '*', _x1: '[ab]', '1': 'one', 'a b': 'braced', ä: 'umlaut' }
  const lookup = (name: string): ByteString => byteStringOf(values[Buffer.from(name, 'latin1').toString()] ?? '')

  it.each([
    ['$HOME/x', '/home/u/x'],
    ['${HOME}x', '/home/ux'],
    ['$HOMEx/$A', '/*'],
    ['$_x1-$12', '[ab]-one2'],
    ['${a b}${ä}', 'bracedumlaut'],
    ['$$HOME $${A}', '$HOME ${A}'],
    ['${$}', '$'],
    ['a$', 'a$'],
    ['$/x$.', '$/x$.'],
    ['${}x', 'x'],
    ['${HOME', 'HOME'],
    ['$*$#$@$!$?$-', ''],
    ['$ä', '$ä'],
    ['$unset/x', '/x'],
  ])('%j becomes %j', (line, expected) => {
    expect(expandVariables(byteStringOf(line), lookup)).toBe(byteStringOf(expected))
  })
})
