import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ByteString, byteStringOf } from '../format/byte-string.ts'
import { compilePathFilter, uniteFilters } from './path-filter.ts'

describe('one pattern', () => {
  it.each([
    // The examples of restic's documentation.
    ['*.c', '/home/work/main.c', true],
    ['*.c', '/home/work/main.go', false],
    ['foo/**/bar', '/dir1/foo/dir2/bar/file', true],
    ['foo/**/bar', '/foo/bar/file', true],
    ['foo/**/bar', '/tmp/foo/bar', true],
    ['foo/**/bar', '/work/foo/x/y/z/bar', true],
    ['foo/**/bar', '/work/bar/x/foo', false],
    ['foo', '/dir1/foo/dir2/file', true],
    ['foo', '/dir/foo', true],
    ['foo', '/dir/foobar', false],
    ['foo', '/barfoo', false],
    ['/bin', '/bin/bash', true],
    ['/bin', '/usr/bin/restic', false],
    ['b*ash', '/bin/bash', true],
    ['b*ash', '/bin/ash', false],
    ['/home/user/repos/**/target', '/home/user/repos/repo1/target', true],
    ['/home/user/repos/**/target', '/home/user/repos/repo2_workspace/project1/target/debug', true],
    ['/home/user/repos/**/target', '/home/user/repos/repo1/src', false],
    // Runs of components.
    ['b/c', '/a/b/c/d', true],
    ['b/d', '/a/b/c/d', false],
    ['?/?', '/a/bb/c/d', true],
    ['?/?', '/a/bb/c/dd', false],
    ['/a/*/c', '/a/b/c/d', true],
    ['/*/*', '/a', false],
    ['/a/b', '/a', false],
    // Spellings that mean the same.
    ['/a/', '/a/b', true],
    ['//a//b/.', '/a/b', true],
    ['/x/../a', '/a', true],
    ['a/./b', '/a/b', true],
    ['./a', '/x/a', true],
    ['../a', '/x/a', false],
    // Any number of components.
    ['**', '/a', true],
    ['/**', '/a/b', true],
    ['/', '/a/b', true],
    ['/', '/', true],
    ['/a/**', '/a', true],
    ['/a/**', '/b', false],
    ['**/a', '/a', true],
    ['**/a/**', '/x/a', true],
    ['/a/**/b', '/a/b', true],
    ['/a/**/**/b', '/a/x/b', true],
    ['a**b', '/axb', true],
    ['a**b', '/a/x/b', false],
    ['/**/a/b', '/a/x/a/b', true],
    ['a/**/b/**/c', '/x/a/b/c', true],
    // restic needs one component more than the names for two of them.
    ['/a/**/b/**/c', '/a/b/c', false],
    ['/a/**/b/**/c', '/a/b/x/c', true],
    ['/a/**/b/**/c', '/a/x/b/c', false],
    ['/a/**/b/**/c', '/a/x/b/x/c', true],
    ['/a/**/b/**/c', '/a/x/b/c/y', true],
  ])('%j on %j: %j', (pattern, path, expected) => {
    const filter = compilePathFilter([byteStringOf(pattern)])
    expect(filter.matches(path as ByteString)).toBe(expected)
    expect(filter.match(path as ByteString).matched).toBe(expected)
    if (!pattern.startsWith('**')) expect(compilePathFilter(texts('**', `!${pattern}`)).matches(path as ByteString)).toBe(!expected)
  })

  it.each([
    ['a/b', '/x', true],
    ['/a/b/c', '/a', true],
    ['/a/b/c', '/a/b', true],
    ['/a/b/c', '/a/x', false],
    ['/a/b', '/a/b/c', true],
    ['/a/*/c', '/a/x', true],
    ['/a/*/c', '/a/x/d', false],
    ['/a/**/c', '/a/x/y/z', true],
    ['/a/**/c', '/b', false],
    ['/**', '/a', true],
    ['/', '/a', true],
    ['**/a', '/b', true],
    ['/*x/b', '/a', false],
  ])('%j may match below %j: %j', (pattern, path, expected) => {
    expect(compilePathFilter([byteStringOf(pattern)]).match(path as ByteString).childMayMatch).toBe(expected)
  })

  it.each(['[', 'a/[/b', '[a/b]', '**/[]', '!\\', 'a\\/b', 'a*b\\'])('refuses %j', (pattern) => {
    expect(() => compilePathFilter(texts('fine', pattern))).toThrow(
      expect.objectContaining({ code: 'input.invalid', message: `Cannot use pattern ${JSON.stringify(pattern)}: malformed` }),
    )
  })
})

describe('several patterns', () => {
  it('match what one of them matches, and nothing when there are none', () => {
    const filter = compilePathFilter(texts('*.c', '', '/proc'))
    expect(['/a.c', '/proc/1', '/a.h'].map((path) => filter.matches(path as ByteString))).toEqual([true, true, false])
    expect(compilePathFilter([]).match('/a' as ByteString)).toEqual({ matched: false, childMayMatch: false })
    expect(compilePathFilter(texts('', '')).match('/a' as ByteString)).toEqual({ matched: false, childMayMatch: false })
  })

  it('are taken back by those with an exclamation mark behind them', () => {
    const filter = compilePathFilter(texts('/home/u/*', '!/home/u/Documents', '!/home/u/code', 'node_modules', '*~'))
    const matched = (path: string): boolean => filter.matches(path as ByteString)
    expect(['/home/u', '/home/u/x', '/home/u/Documents', '/home/u/Documents/x', '/home/u/code/a'].map(matched)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ])
    expect(['/home/u/code/node_modules', '/home/u/code/node_modules/a', '/home/u/Documents/b~'].map(matched)).toEqual([true, true, true])
  })

  it('say for includes whether anything below can match', () => {
    const filter = compilePathFilter(texts('/a/b', '!/a/b/c', '/a/b/c/d'))
    const match = (path: string) => filter.match(path as ByteString)
    expect(match('/a')).toEqual({ matched: false, childMayMatch: true })
    expect(match('/a/b')).toEqual({ matched: true, childMayMatch: true })
    expect(match('/a/b/c')).toEqual({ matched: false, childMayMatch: true })
    expect(match('/a/b/c/d')).toEqual({ matched: true, childMayMatch: true })
    expect(match('/a/b/c/e')).toEqual({ matched: false, childMayMatch: false })
    expect(match('/x')).toEqual({ matched: false, childMayMatch: false })
  })

  it('ignore case where they are asked to, of every letter by itself', () => {
    const filter = compilePathFilter(texts('/Home/*/ÄRGER', '*.JPG', 'ΣΑΣ', 'İ'), { ignoreCase: true })
    const paths = ['/HOME/u/ärger', '/x/a.Jpg', '/σας', '/σασ', '/i', '/I', '/home/u/arger']
    expect(paths.map((path) => filter.matches(byteStringOf(path)))).toEqual([true, true, false, true, true, true, false])
    expect(compilePathFilter(texts('*.JPG')).matches('/a.jpg' as ByteString)).toBe(false)
    expect(filter.match(byteStringOf('/hOmE')).childMayMatch).toBe(true)
  })

  it('take paths that are not UTF-8', () => {
    const filter = compilePathFilter(['/a\xff/*' as ByteString], { ignoreCase: false })
    expect([filter.matches('/a\xff/b' as ByteString), filter.matches('/a\xfe/b' as ByteString)]).toEqual([true, false])
    // Without regard to case all such bytes are the same to restic.
    expect(compilePathFilter(['/A\xff/*' as ByteString], { ignoreCase: true }).matches('/a\xfe/b' as ByteString)).toBe(true)
  })
})

describe('uniteFilters', () => {
  it('matches what any filter matches', () => {
    const filter = uniteFilters([compilePathFilter(texts('/a/b')), compilePathFilter(texts('/C', '!/c/d'), { ignoreCase: true })])
    expect(['/a/b', '/c', '/c/d', '/x'].map((path) => filter.matches(path as ByteString))).toEqual([true, true, false, false])
    expect(filter.match('/a' as ByteString)).toEqual({ matched: false, childMayMatch: true })
    expect(uniteFilters([]).match('/a' as ByteString)).toEqual({ matched: false, childMayMatch: false })
  })
})

describe('any patterns and paths', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'c')
  const anyPath = fc.array(name, { minLength: 1, maxLength: 7 }).map((names) => `/${names.join('/')}` as ByteString)
  const part = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('a', 'b', '*', 'a*', '?', '[^a]') },
    { weight: 2, arbitrary: fc.constant('**') },
  )
  const anyPattern = fc
    .tuple(fc.constantFrom('', '!', '/', '!/'), fc.array(part, { minLength: 1, maxLength: 6 }))
    .map(([start, parts]) => (start + parts.join('/')) as ByteString)

  it('agree with a literal expansion of every **', () => {
    fc.assert(
      fc.property(anyPattern, anyPath, (pattern, path) => {
        const plain = pattern.replace(/^!/, '') as ByteString
        expect(compilePathFilter([plain]).matches(path)).toBe(expandedMatch(plain.split('/'), path.split('/')))
      }),
      { numRuns: 3000 },
    )
  })

  it('do not depend on what was asked before', () => {
    fc.assert(
      fc.property(fc.array(anyPattern, { maxLength: 5 }), fc.array(anyPath, { maxLength: 12 }), (patterns, paths) => {
        const filter = compilePathFilter(patterns)
        for (const path of paths) expect(filter.match(path)).toEqual(compilePathFilter(patterns).match(path))
        for (const path of paths) expect(filter.matches(path)).toBe(filter.match(path).matched)
      }),
    )
  })

  it('promise matches below wherever there are any', () => {
    fc.assert(
      fc.property(fc.array(anyPattern, { maxLength: 4 }), anyPath, (patterns, path) => {
        const positive = patterns.filter((pattern) => !pattern.startsWith('!'))
        fc.pre(compilePathFilter(positive).matches(path))
        const names = path.split('/')
        for (let depth = 2; depth < names.length; depth++) {
          expect(compilePathFilter(positive).match(names.slice(0, depth).join('/') as ByteString).childMayMatch).toBe(true)
        }
      }),
    )
  })

  it('are decided fast, also for long paths and many wildcards', () => {
    const started = process.threadCpuUsage().user
    const hard = compilePathFilter(texts('**/a/**/a/**/a/**/a/**/b', '/**/**/**/**/b', 'a/'.repeat(50)))
    expect(hard.matches(`/${'a/'.repeat(400)}c` as ByteString)).toBe(true)
    expect(process.threadCpuUsage().user - started).toBeLessThan(2_000_000)
    const folders = compilePathFilter(texts(...Array.from({ length: 50 }, (_, index) => `*.ext${index}`)))
    for (let index = 0; index < 50_000; index++) folders.matches(`/home/user/projects/${index >> 5}/file${index}.txt` as ByteString)
    expect(process.threadCpuUsage().user - started).toBeLessThan(5_000_000)
  })
})

/**
 * restic's definition, written down: each `**` in turn becomes 0 to n components of any name, n by the length that the pattern has then.
 */
function expandedMatch(parts: readonly string[], names: readonly string[]): boolean {
  const wildcard = parts.indexOf('**')
  if (wildcard !== -1) {
    for (let count = 0; count <= names.length - parts.length + 1; count++) {
      if (expandedMatch([...parts.slice(0, wildcard), ...new Array(count).fill('*'), ...parts.slice(wildcard + 1)], names)) return true
    }
    return false
  }
  const isRooted = parts[0] === ''
  for (let start = isRooted ? 0 : 1; start + parts.length <= names.length && (start === 0 || !isRooted); start++) {
    if (parts.length > 0 && parts.every((part, index) => fitsName(part, names[start + index] ?? ''))) return true
  }
  return false
}

function fitsName(part: string, name: string): boolean {
  return new RegExp(`^${part.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name)
}

function texts(...patterns: readonly string[]): ByteString[] {
  return patterns.map(byteStringOf)
}
