import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteStringOf } from '../format/byte-string.ts'
import { compileNamePattern, isNamePattern } from './name-pattern.ts'

describe('compileNamePattern', () => {
  it.each([
    ['abc', 'abc', true],
    ['abc', 'ab', false],
    ['*', '', true],
    ['*', 'abc', true],
    ['**', 'abc', true],
    ['*c', 'abc', true],
    ['*c', 'abd', false],
    ['*c', 'c', true],
    ['a*', 'abc', true],
    ['a*', 'bac', false],
    ['*b*', 'abc', true],
    ['*b*', 'acd', false],
    ['a*b', 'ab', true],
    ['a*b', 'axxb', true],
    ['a*b', 'axxbc', false],
    ['*a*b*c', 'xaabbcc', true],
    ['*a*b*c', 'xaaccbb', false],
    ['a?c', 'abc', true],
    ['a?c', 'aéc', true],
    ['a?c', 'a😀c', true],
    ['a?c', 'ac', false],
    ['a??c', 'aéc', false],
    ['[ab]', 'b', true],
    ['[^ab]', 'b', false],
    ['[^ab]', 'é', true],
    ['[a-c]x', 'bx', true],
    ['[c-a]x', 'bx', false],
    ['[à-ÿ]', 'é', true],
    ['[!a]', '!', true],
    ['[!a]', 'b', false],
    ['[a^]', '^', true],
    ['[a-cx-z]', 'y', true],
    ['[\\]]', ']', true],
    ['[\\-a]', '-', true],
    ['[a\\-c]', 'b', false],
    ['[*]', '*', true],
    ['[*]', 'a', false],
    ['[\\*]*', '*abc', true],
    ['a]', 'a]', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['\\a\\b', 'ab', true],
    ['\\\\', '\\', true],
    ['', '', true],
  ])('%j on %j: %j', (pattern, name, expected) => {
    expect(compileNamePattern(byteStringOf(pattern))?.(byteStringOf(name))).toBe(expected)
  })

  it.each(['[', '[]', '[]a]', '[^]', '[^]a]', '[a', '[a-', '[a-]', '[-a]', '[a-b-c]', '[--0]', 'abc[', '\\', 'a\\', '[\\', '[a\\', '*\\'])(
    'refuses %j',
    (pattern) => {
      expect(compileNamePattern(pattern)).toBeUndefined()
    },
  )

  it('takes bytes that are not UTF-8 one by one, and not in classes', () => {
    expect(compileNamePattern('a?b')?.('a\xffb')).toBe(true)
    expect(compileNamePattern('a??b')?.('a\xe2\x82b')).toBe(true)
    expect(compileNamePattern('a?b')?.('a\xe2\x82b')).toBe(false)
    expect(compileNamePattern('\xff*')?.('\xffb')).toBe(true)
    expect(compileNamePattern('[\xff]')).toBeUndefined()
    // What is not UTF-8 counts as U+FFFD in classes.
    expect(compileNamePattern(byteStringOf('[\ufffd]'))?.('\xff')).toBe(true)
    // An asterisk may end inside of a character.
    expect(compileNamePattern('a*?b')?.(byteStringOf('aéb'))).toBe(true)
    expect(compileNamePattern('*??')?.(byteStringOf('é'))).toBe(false)
  })

  it('agrees with a regular expression', () => {
    const piece = fc.constantFrom('a', 'b', 'é', '*', '?', '[ab]', '[^a]', '\\*')
    const asExpression: Record<string, string> = { '*': '.*', '?': '.', '\\*': '\\*' }
    const name = fc.array(fc.constantFrom('a', 'b', 'é', '*'), { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), name, (pieces, text) => {
        const expression = new RegExp(`^${pieces.map((part) => asExpression[part] ?? part).join('')}$`, 'su')
        expect(compileNamePattern(byteStringOf(pieces.join('')))?.(byteStringOf(text))).toBe(expression.test(text))
      }),
      { numRuns: 1000 },
    )
  })

  it('does not take exponential time', () => {
    const started = process.threadCpuUsage().user
    expect(compileNamePattern(`${'*a'.repeat(30)}*b`)?.('a'.repeat(5000))).toBe(false)
    expect(process.threadCpuUsage().user - started).toBeLessThan(2_000_000)
  })
})

describe('isNamePattern', () => {
  it('knows special characters', () => {
    expect(['a*', '?', '[a]', '\\a'].map(isNamePattern)).toEqual([true, true, true, true])
    expect(['', 'a', 'a]', '{a}'].map(isNamePattern)).toEqual([false, false, false, false])
  })
})
