import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byteStringOf, displayText } from '../format/byte-string.ts'
import { expandSourcePattern } from './expand-source-pattern.ts'

describe('patterns of source lists', () => {
  let folder = ''
  const expand = (pattern: string): string[] =>
    expandSourcePattern(byteStringOf(join(folder, pattern))).map((path) => displayText(path).slice(folder.length + 1))

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-glob-'))
    for (const name of ['one', 'two']) mkdirSync(join(folder, name))
    for (const name of ['one/a.txt', 'one/.b.txt', 'one/ä', 'two/a.txt', 'star*']) writeFileSync(join(folder, name), '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('stand for what exists, in order, hidden names too', () => {
    expect(expand('*/*.txt')).toEqual(['one/.b.txt', 'one/a.txt', 'two/a.txt'])
    expect(expand('t?o')).toEqual(['two'])
    expect(expand('one/?')).toEqual(['one/ä'])
    expect(expand('[^o]*')).toEqual(['star*', 'two'])
  })

  test('without wildcards are themselves, if they exist', () => {
    expect(expand('one/a.txt')).toEqual(['one/a.txt'])
    expect(expand('one/none')).toEqual([])
    expect(expand('star\\*')).toEqual(['star*'])
  })

  test('are refused when malformed', () => {
    expect(() => expand('one/[')).toThrow(/malformed/)
  })
})
