import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ByteString, byteStringFrom, byteStringOf, bytesOf, displayText, joinBytes, systemPath } from '../src/format/byte-string.ts'
import { compilePathFilter, type PathFilter, uniteFilters } from '../src/operations/path-filter.ts'
import { readPatternLines } from '../src/operations/pattern-file.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { type ResticBinary, resticBinaries } from '../src/testing/restic.ts'
import { SAMPLE_PASSWORD, sampleRepository } from '../src/testing/sample-snapshots.ts'

/** Every run decides on other trees and patterns; the seed that a failure prints brings them back. */
const SEED = Number(process.env.HOLDFAST_TEST_SEED ?? Date.now() % 2 ** 31)
const ROUNDS = 20
const NAMES = ['a', 'b', 'ab', 'foo', 'Foo', 'bar.c', 'BAR.C', 'x y', 'é', 'É', 'ÀÉ', '[a]', 'a*b', '!a', '#h', '😀', '\\'].map(
  byteStringOf,
)
/** Names that are not UTF-8. */
const RAW_NAMES = ['\xff', 'b\xffb'] as ByteString[]

const folder = byteStringOf(realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-filter-'))))
const tree = joinBytes(folder, byteStringOf('tree'))
const repository = joinBytes(folder, byteStringOf('repository'))
/** Every file and folder below the tree; folders end with a slash. */
const entries: ByteString[] = []

beforeAll(async () => {
  const [paths = []] = fc.sample(anyTree(), { seed: SEED, numRuns: 1 })
  for (const path of paths.toSorted((left, right) => right.length - left.length)) {
    const parts = [tree, ...path]
    mkdirSync(systemPath(parts.slice(0, -1).join('/') as ByteString), { recursive: true })
    const file = systemPath(parts.join('/') as ByteString)
    if (!existsSync(file)) writeFileSync(file, 'content')
  }
  entries.push(...listed(tree))
  expect(entries.length).toBeGreaterThan(100)
  // Made here for a key that costs next to nothing to open: restic is called a hundred times.
  const storage = await openStorage(repository)
  await sampleRepository({ storage })
  await storage.close()
  for (const restic of resticBinaries()) expect(run(restic, ['backup', '--host', restic.name, tree])).toMatchObject({ status: 0 })
})

afterAll(() => {
  rmSync(systemPath(folder), { recursive: true })
})

describe.each(resticBinaries())('patterns of restic $version', (restic) => {
  it(`exclude what ours exclude (seed ${SEED})`, () => {
    const files = ['excludes', 'iexcludes'].map((name) => joinBytes(folder, byteStringOf(name)))
    const counts = new Set<number>()
    for (const [round, lists] of fc.sample(fc.tuple(anyPatterns(), anyPatterns()), { seed: SEED, numRuns: ROUNDS }).entries()) {
      const contents = lists.map((patterns) => bytesOf(patterns.join('\n') as ByteString))
      for (const [index, file] of files.entries()) writeFileSync(systemPath(file ?? folder), contents[index] ?? '')
      const filters = contents.map((content, index) => compilePathFilter(readPatternLines(content), { ignoreCase: index === 1 }))
      const ours = keptByBackup(uniteFilters(filters)).map(displayText).sort()
      const args = ['backup', '--dry-run', '--json', '-vv', '--exclude-file', files[0] ?? '', '--iexclude-file', files[1] ?? '', tree]
      const { stdout, stderr, status } = run(restic, args)
      const context = `seed ${SEED}, round ${round}: ${JSON.stringify(lists)}\n${stderr}`
      expect(status, context).toBe(0)
      expect(keptItems(stdout), context).toEqual(ours)
      counts.add(ours.length)
    }
    expect(counts.size).toBeGreaterThan(ROUNDS / 4)
  })

  it(`include what ours include (seed ${SEED})`, () => {
    const counts = new Set<number>()
    const texts = anyPatterns().filter((patterns) => patterns.every((pattern) => byteStringOf(displayText(pattern)) === pattern))
    for (const [round, lists] of fc.sample(fc.tuple(texts, texts), { seed: SEED, numRuns: ROUNDS }).entries()) {
      const flags = ['--include', '--iinclude']
      const options = lists.flatMap((patterns, index) => patterns.flatMap((pattern) => [flags[index] ?? '', displayText(pattern)]))
      if (options.length === 0) continue
      const target = joinBytes(folder, byteStringOf('restored'))
      const ours = includedByRestore(uniteFilters(lists.map((patterns, index) => compilePathFilter(patterns, { ignoreCase: index === 1 }))))
      mkdirSync(systemPath(target))
      const { stderr, status } = run(restic, ['restore', 'latest', '--host', restic.name, '--target', target, ...options])
      const context = `seed ${SEED}, round ${round}: ${JSON.stringify(lists)}\n${stderr}`
      expect(status, context).toBe(0)
      const theirs = listed(target).filter((path) => !path.endsWith('/'))
      expect(theirs.map((path) => path.slice(target.length)).sort(), context).toEqual(ours.sort())
      rmSync(systemPath(target), { recursive: true })
      counts.add(ours.length)
    }
    expect(counts.size).toBeGreaterThan(ROUNDS / 4)
  })

  it.each(['[', 'a/[]', 'a\\', '[a-]', '[b/c]'])('are refused where ours are: %s', (pattern) => {
    expect(() => compilePathFilter([byteStringOf(pattern)])).toThrow(expect.objectContaining({ code: 'input.invalid' }))
    const { status, stderr } = run(restic, ['backup', '--dry-run', '--exclude', pattern, tree])
    expect(status).not.toBe(0)
    expect(stderr).toContain('invalid pattern')
  })
})

/** What a backup of the tree visits: nothing below what is excluded, nothing at all where the tree itself is. */
function keptByBackup(filter: PathFilter): ByteString[] {
  const kept: ByteString[] = []
  if (filter.matches(tree)) return kept
  const rejected = new Set<string>()
  for (const entry of entries) {
    const path = (entry.endsWith('/') ? entry.slice(0, -1) : entry) as ByteString
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (rejected.has(parent) || filter.matches(path)) rejected.add(path)
    else kept.push(entry)
  }
  return kept
}

/** The files that a restore finds when it descends only where something below may match. */
function includedByRestore(filter: PathFilter): ByteString[] {
  return entries.filter((entry) => {
    const names = entry.split('/')
    for (let depth = 2; depth < names.length; depth++) {
      if (!filter.match(names.slice(0, depth).join('/') as ByteString).childMayMatch) return false
    }
    return !entry.endsWith('/') && filter.match(entry).matched
  })
}

/** The entries below the tree that restic says it would save. */
function keptItems(stdout: string): string[] {
  const lines = stdout.split('\n').filter((line) => line.includes('"verbose_status"'))
  const items = lines.map((line): string => JSON.parse(line).item)
  const prefix = `${displayText(tree)}/`
  return items.filter((item) => item.startsWith(prefix) && item !== prefix).sort()
}

/** Everything below a folder, parents first. */
function listed(parent: ByteString): ByteString[] {
  const items = readdirSync(systemPath(parent), { withFileTypes: true, encoding: 'buffer' })
  return items.flatMap((item) => {
    const path = joinBytes(parent, byteStringFrom(item.name))
    return item.isDirectory() ? [`${path}/` as ByteString, ...listed(path)] : [path]
  })
}

function run(restic: ResticBinary, args: readonly string[]): { stdout: string; stderr: string; status: number | null } {
  const env = { PATH: process.env.PATH, HOME: folder, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: SAMPLE_PASSWORD }
  return spawnSync(restic.path, ['--no-cache', ...args], { env, encoding: 'utf8', maxBuffer: 2 ** 28 })
}

function anyTree(): fc.Arbitrary<ByteString[][]> {
  const name = fc.oneof(fc.constantFrom(...NAMES.slice(0, 3)), fc.constantFrom(...NAMES, ...NAMES, ...RAW_NAMES))
  return fc.array(fc.array(name, { minLength: 1, maxLength: 5, size: 'max' }), { minLength: 160, maxLength: 160 })
}

/** Patterns without syntax errors; half of them are tied to the tree. */
function anyPatterns(): fc.Arbitrary<ByteString[]> {
  const text = (...pieces: readonly string[]) => fc.constantFrom(...pieces.map(byteStringOf))
  const literal = fc
    .oneof(text('a', 'b', 'ab'), fc.constantFrom(...NAMES, ...RAW_NAMES))
    .map((name) => name.replaceAll(/[\\[*?]/g, '\\$&') as ByteString)
  const piece = text('a', 'b', '*', '*', '?', '[a-f]', '[^a]', '[^a-z]', '[é]', '\\*', '.c', 'O', 'o', '\\[', ']', 'É')
  const wild = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('') as ByteString)
  const component = fc.oneof({ weight: 5, arbitrary: literal }, { weight: 3, arbitrary: wild }, { weight: 3, arbitrary: text('**', '*') })
  const start = fc.constantFrom('', '!', '!', `${tree}/`, `${tree}/`, `!${tree}/`, `!${tree}/`, `${tree}/**/`)
  const end = fc.constantFrom('', '', '', '/', '/**', '//a')
  const pattern = fc
    .tuple(start, fc.array(component, { minLength: 1, maxLength: 3 }), end)
    .map(([before, components, after]) => `${before}${components.join('/')}${after}` as ByteString)
    // A pattern that fits every folder above the tree decides nothing; one that begins with # is a comment in a file and none elsewhere.
    .filter((candidate) => !compilePathFilter([candidate.replace(/^!/, '') as ByteString]).matches(tree) && !candidate.startsWith('#'))
  return fc.array(pattern, { maxLength: 6, size: 'max' })
}
