import { posix } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanPath } from './clean-path.ts'

describe('cleanPath', () => {
  it.each([
    ['', '.'],
    ['/', '/'],
    ['//', '/'],
    ['a/', 'a'],
    ['/a//b/./c/..', '/a/b'],
    ['/..', '/'],
    ['/../a', '/a'],
    ['..', '..'],
    ['../..', '../..'],
    ['a/../..', '..'],
    ['a/..', '.'],
    ['./a', 'a'],
    ['/...', '/...'],
  ])('%j becomes %j', (path, expected) => {
    expect(cleanPath(path)).toBe(expected)
  })

  it('agrees with Node.js but for slashes at the end', () => {
    const anyPath = fc.array(fc.constantFrom('a', 'b', '.', '..', '')).map((parts) => parts.join('/'))
    fc.assert(
      fc.property(anyPath, (path) => {
        expect(cleanPath(path)).toBe(posix.normalize(path).replace(/(?<=.)\/$/, ''))
      }),
    )
  })
})
