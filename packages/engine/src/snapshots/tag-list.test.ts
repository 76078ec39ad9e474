import { describe, expect, it } from 'vitest'
import { formatTagList, hasAnyTagList, hasTags, parseTagList } from './tag-list.ts'

describe('parseTagList', () => {
  it.each([
    ['a', ['a']],
    [' a, b c ,\td', ['a', 'b c', 'd']],
    ['', ['']],
    ['a,,b', ['a', '', 'b']],
  ])('reads %j', (text, expected) => {
    expect(parseTagList(text)).toEqual(expected)
  })

  it('is written with brackets', () => {
    expect(formatTagList(['a', 'b'])).toBe('[a, b]')
    expect(formatTagList([''])).toBe('[]')
  })
})

describe('hasTags', () => {
  it.each([
    [['a', 'b'], ['a'], true],
    [['a', 'b'], ['b', 'a'], true],
    [['a'], ['a', 'b'], false],
    [undefined, ['a'], false],
    [undefined, [''], true],
    [[], [''], true],
    [['a'], [''], false],
    [[], ['', 'a'], true],
    [[], ['a', ''], false],
    [['a'], [], true],
  ])('%j has %j: %j', (present, wanted, expected) => {
    expect(hasTags(present, wanted)).toBe(expected)
  })

  it('wants one of several lists, or none', () => {
    expect(hasAnyTagList(['a'], [])).toBe(true)
    expect(hasAnyTagList(['a'], [['b'], ['a']])).toBe(true)
    expect(hasAnyTagList(['a'], [['b'], ['a', 'c']])).toBe(false)
  })
})
