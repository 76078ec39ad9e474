import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ByteString, byteStringOf, displayText } from '../src/format/byte-string.ts'
import type { BlobId } from '../src/format/ids.ts'
import { setExtendedAttribute } from '../src/host/posix.ts'
import { compilePathFilter } from '../src/operations/path-filter.ts'
import { executeRestore, planRestore } from '../src/operations/restore/restore.ts'
import type { RestoreRequest, RestoreStatistics } from '../src/operations/restore/restore-request.ts'
import type { IndexedRepository } from '../src/repository/indexed-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { findSubtree } from '../src/snapshots/tree-walker.ts'
import { type FileFacts, manifestOf, sortedManifest } from '../src/testing/file-manifest.ts'
import { makeOddTree } from '../src/testing/odd-tree.ts'
import { resticBinaries } from '../src/testing/restic.ts'
import { noise, ResticWorkbench } from './restic-workbench.ts'

interface Outcome {
  readonly statistics: RestoreStatistics
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  /** Action and path of everything that was finished. */
  readonly finished: readonly string[]
}

/** Restores the newest snapshot's folder `source`, with what was reported. */
async function restore(
  indexed: IndexedRepository,
  request: Omit<RestoreRequest, 'tree' | 'target'> & { readonly target: string; readonly plan?: boolean; readonly tree?: BlobId },
): Promise<Outcome> {
  const { plan, target, tree = await newestTree(indexed), ...rest } = request
  const problems: string[] = []
  const warnings: string[] = []
  const finished: string[] = []
  const options = {
    progress: {
      problem: (path: ByteString, error: Error) => void problems.push(`${displayText(path)}: ${error.message}`),
      warning: (path: ByteString, message: string) => void warnings.push(`${displayText(path)}: ${message}`),
      finished: (path: ByteString, action: string) => void finished.push(`${action} ${displayText(path)}`),
    },
  }
  const whole = { ...rest, tree, target: byteStringOf(target) }
  const statistics = plan ? (await planRestore(indexed, whole, options)).statistics : await executeRestore(indexed, whole, options)
  return { statistics, problems, warnings, finished: finished.sort() }
}

async function newestTree(indexed: IndexedRepository): Promise<BlobId> {
  const snapshots = await loadSnapshots(indexed.repository)
  const newest = snapshots.toSorted((a, b) => (a.time < b.time ? 1 : -1))[0]
  if (newest === undefined) throw new Error('there is no snapshot')
  return findSubtree(indexed, newest.tree, { subfolder: 'source' })
}

describe.each(resticBinaries())('what restic $version ($name) backed up', (restic) => {
  const bench = new ResticWorkbench(restic)
  afterAll(() => bench[Symbol.dispose]())

  test.each([1, 2] as const)('is restored the same, format version %i', async (version) => {
    const source = bench.path('source')
    rmSync(source, { recursive: true, force: true })
    // restic before 0.16 does not say what a link that is not UTF-8 leads to.
    await makeOddTree(source, { withInvalidLinkTarget: restic.name === 'current' })
    bench.init(`odd-${version}`, version)
    bench.run(`odd-${version}`, ['backup', 'source'])
    const indexed = await (await bench.open(`odd-${version}`)).loadIndex()
    const target = bench.path(`odd-target-${version}`)
    const { statistics, problems, warnings } = await restore(indexed, { target, verify: true })
    expect(problems).toEqual([])
    expect(warnings).toEqual([])
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
    expect(statistics.filesRestored).toBe(statistics.filesTotal)
    expect(statistics.bytesRestored).toBe(statistics.bytesTotal)
    expect(statistics.filesVerified).toBeGreaterThan(20)
    // The same as restic itself makes of it, folders' times included.
    bench.run(`odd-${version}`, ['restore', 'latest', '--target', bench.path(`by-restic-${version}`)])
    const byRestic = sortedManifest(join(bench.path(`by-restic-${version}`), 'source'))
    expect(sortedManifest(target).map(withoutLinkedLinks)).toEqual(byRestic.map(withoutLinkedLinks))
  })
})

function replace(path: string, make: () => void): void {
  rmSync(path)
  make()
}

/** restic makes symbolic links anew where they are hard links to each other. */
function withoutLinkedLinks([path, facts]: readonly [string, FileFacts]): unknown {
  const { sameAs, ...others } = facts
  return [path, facts.type === 'symlink' || sameAs === undefined ? others : facts]
}

describe('restoring in place', () => {
  const [, current = resticBinaries()[0]] = resticBinaries()
  if (current === undefined) throw new Error('no restic')
  const bench = new ResticWorkbench(current)
  const source = bench.path('source')
  const content = noise(9_000_000, 7)
  let indexed: IndexedRepository
  let targets = 0

  beforeAll(async () => {
    mkdirSync(join(source, 'folder', 'below'), { recursive: true })
    writeFileSync(join(source, 'large'), content)
    writeFileSync(join(source, 'folder', 'small'), 'small')
    writeFileSync(join(source, 'folder', 'below', 'deep'), 'deep')
    writeFileSync(join(source, 'empty'), '')
    writeFileSync(join(source, 'zeros'), Buffer.alloc(6_000_000))
    symlinkSync('folder/small', join(source, 'link'))
    for (const name of ['large', 'folder/small', 'empty', 'zeros']) utimesSync(join(source, name), 1_600_000_000, 1_600_000_000.5)
    bench.init('place')
    bench.run('place', ['backup', 'source'])
    indexed = await (await bench.open('place')).loadIndex()
  })
  afterAll(() => bench[Symbol.dispose]())

  async function restoredTarget(): Promise<string> {
    const target = bench.path(`target-${targets++}`)
    await restore(indexed, { target })
    return target
  }

  test('changes nothing where everything is right', async () => {
    const target = await restoredTarget()
    const before = statSync(join(target, 'large'))
    const { statistics, finished } = await restore(indexed, { target })
    expect(statistics).toMatchObject({ bytesRestored: 0, bytesSkipped: 15_000_009, problems: 0 })
    expect(finished).toContain('unchanged /large')
    expect(statSync(join(target, 'large')).ino).toBe(before.ino)
  })

  test('writes only what differs', async () => {
    const target = await restoredTarget()
    const large = join(target, 'large')
    const changed = Buffer.from(content)
    changed[8_999_999] = (changed[8_999_999] ?? 0) ^ 1
    writeFileSync(large, changed)
    const { statistics, finished } = await restore(indexed, { target })
    expect(readFileSync(large).equals(content)).toBe(true)
    expect(finished).toContain('updated /large')
    expect(statistics.bytesRestored).toBe(content.length)
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
  })

  test.each([
    ['too short', (path: string) => truncateSync(path, 3_000_000)],
    ['too long', (path: string) => writeFileSync(path, Buffer.concat([content, Buffer.alloc(5000, 1)]))],
    ['other bytes', (path: string) => writeFileSync(path, noise(9_000_000, 8))],
    [
      'read-only',
      (path: string) => {
        writeFileSync(path, 'x')
        chmodSync(path, 0o400)
      },
    ],
    ['a link', (path: string) => replace(path, () => symlinkSync(bench.path('victim'), path))],
    ['an empty folder', (path: string) => replace(path, () => mkdirSync(path))],
    ['a pipe', (path: string) => replace(path, () => execFileSync('mkfifo', [path]))],
    ['missing', (path: string) => rmSync(path)],
  ])('puts a file right that is %s', async (_what, spoil) => {
    const target = await restoredTarget()
    // A file of the test's own: should the restore ever follow the link, nothing else is lost.
    writeFileSync(bench.path('victim'), 'mine')
    spoil(join(target, 'large'))
    const { problems } = await restore(indexed, { target })
    expect(problems).toEqual([])
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
    expect(readFileSync(bench.path('victim'), 'utf8')).toBe('mine')
  })

  test('leaves the other names of a file alone, and does not mix old and new', async () => {
    const target = await restoredTarget()
    const changed = Buffer.from(content)
    changed[0] = (changed[0] ?? 0) ^ 1
    writeFileSync(join(target, 'large'), changed)
    linkSync(join(target, 'large'), bench.path('other-name'))
    await restore(indexed, { target })
    expect(readFileSync(bench.path('other-name')).equals(changed)).toBe(true)
    expect(readFileSync(join(target, 'large')).equals(content)).toBe(true)
    rmSync(bench.path('other-name'))
  })

  test('removes attributes that the snapshot does not have, unless they are ruled out', async () => {
    const target = await restoredTarget()
    const path = byteStringOf(join(target, 'large'))
    setExtendedAttribute(path, { name: 'user.stale', value: Buffer.from('1') })
    setExtendedAttribute(path, { name: 'user.kept', value: Buffer.from('1') })
    await restore(indexed, { target, attributes: { mode: 'exclude', patterns: ['user.k*'] } })
    expect(manifestOf(target).get('large')?.attributes).toBe('user.kept=31')
  })

  test('replaces a link that stands where a folder belongs, and writes nothing through it', async () => {
    const target = await restoredTarget()
    const elsewhere = bench.path('elsewhere')
    mkdirSync(join(elsewhere, 'below'), { recursive: true })
    rmSync(join(target, 'folder'), { recursive: true })
    symlinkSync(elsewhere, join(target, 'folder'))
    await restore(indexed, { target, removeExtraneous: true })
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
    expect([...manifestOf(elsewhere).keys()]).toEqual(['below'])
    rmSync(elsewhere, { recursive: true })
  })

  test('reports a full folder in the place of a file, and removes it when asked to', async () => {
    const target = await restoredTarget()
    rmSync(join(target, 'large'))
    mkdirSync(join(target, 'large'))
    writeFileSync(join(target, 'large', 'inside'), '')
    const { problems, statistics } = await restore(indexed, { target })
    expect(problems).toEqual([expect.stringMatching(/^\/large: Cannot write .*: directory not empty$/)])
    expect(statistics.problems).toBe(1)
    expect(existsSync(join(target, 'large', 'inside'))).toBe(true)
    expect((await restore(indexed, { target, removeExtraneous: true })).problems).toEqual([])
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
  })

  describe('by policy', () => {
    test('never: what exists stays', async () => {
      const target = await restoredTarget()
      writeFileSync(join(target, 'large'), 'mine')
      rmSync(join(target, 'link'))
      symlinkSync('mine', join(target, 'link'))
      rmSync(join(target, 'empty'))
      const { statistics } = await restore(indexed, { target, overwrite: 'never' })
      expect(readFileSync(join(target, 'large'), 'utf8')).toBe('mine')
      expect(readlinkSync(join(target, 'link'))).toBe('mine')
      expect(existsSync(join(target, 'empty'))).toBe(true)
      expect(statistics.filesSkipped).toBe(5)
    })

    test('if-newer: only what is older than the snapshot', async () => {
      const target = await restoredTarget()
      writeFileSync(join(target, 'large'), 'newer')
      writeFileSync(join(target, 'folder', 'small'), 'older')
      utimesSync(join(target, 'folder', 'small'), 1_500_000_000, 1_500_000_000)
      await restore(indexed, { target, overwrite: 'if-newer' })
      expect(readFileSync(join(target, 'large'), 'utf8')).toBe('newer')
      expect(readFileSync(join(target, 'folder', 'small'), 'utf8')).toBe('small')
    })

    test('if-changed: same size and time count as the same', async () => {
      const target = await restoredTarget()
      writeFileSync(join(target, 'folder', 'small'), 'SMALL')
      utimesSync(join(target, 'folder', 'small'), 1_600_000_000, 1_600_000_000.5)
      chmodSync(join(target, 'folder', 'small'), 0o777)
      writeFileSync(join(target, 'large'), 'x')
      await restore(indexed, { target, overwrite: 'if-changed' })
      expect(readFileSync(join(target, 'folder', 'small'), 'utf8')).toBe('SMALL')
      expect(statSync(join(target, 'folder', 'small')).mode).toBe(statSync(join(source, 'folder', 'small')).mode)
      expect(readFileSync(join(target, 'large')).equals(content)).toBe(true)
      await restore(indexed, { target, overwrite: 'always' })
      expect(readFileSync(join(target, 'folder', 'small'), 'utf8')).toBe('small')
    })
  })

  describe('removing what is extraneous', () => {
    async function crowdedTarget(): Promise<string> {
      const target = await restoredTarget()
      writeFileSync(join(target, 'extra'), '')
      mkdirSync(join(target, 'folder', 'extra folder', 'deep'), { recursive: true })
      writeFileSync(join(target, 'folder', 'extra folder', 'deep', 'kept.txt'), '')
      symlinkSync(source, join(target, 'folder', 'extra link'))
      return target
    }

    test('leaves what the snapshot has, and follows no link', async () => {
      const target = await crowdedTarget()
      const before = sortedManifest(source)
      const { finished, statistics } = await restore(indexed, { target, removeExtraneous: true })
      expect(sortedManifest(target)).toEqual(before)
      expect(sortedManifest(source)).toEqual(before)
      expect(statistics.filesRemoved).toBe(5)
      expect(finished.filter((line) => line.startsWith('deleted'))).toContain('deleted /folder/extra folder/deep/kept.txt')
    })

    test('touches only what is selected', async () => {
      const target = await crowdedTarget()
      const filter = compilePathFilter([byteStringOf('/folder')])
      const select = (path: ByteString): { selected: boolean; childMayBeSelected: boolean } => {
        const { matched, childMayMatch } = filter.match(path)
        return { selected: matched, childMayBeSelected: childMayMatch }
      }
      await restore(indexed, { target, removeExtraneous: true, select })
      expect(existsSync(join(target, 'extra'))).toBe(true)
      expect(existsSync(join(target, 'folder', 'extra folder'))).toBe(false)
    })

    test('does not happen without being asked for', async () => {
      const target = await crowdedTarget()
      await restore(indexed, { target })
      expect(existsSync(join(target, 'folder', 'extra folder', 'deep', 'kept.txt'))).toBe(true)
    })
  })

  test('a plan says what would be done and does nothing', async () => {
    const target = await restoredTarget()
    writeFileSync(join(target, 'large'), content.subarray(0, 100))
    writeFileSync(join(target, 'extra'), '')
    rmSync(join(target, 'folder'), { recursive: true })
    const before = sortedManifest(target)
    const planned = await restore(indexed, { target, removeExtraneous: true, plan: true })
    expect(sortedManifest(target)).toEqual(before)
    const done = await restore(indexed, { target, removeExtraneous: true })
    expect(planned.finished).toEqual(done.finished)
    expect(planned.statistics).toEqual(done.statistics)
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
    const nowhere = bench.path('nowhere')
    await restore(indexed, { target: nowhere, plan: true })
    expect(existsSync(nowhere)).toBe(false)
  })

  test('only what is included is restored, folders on the way with their metadata', async () => {
    const target = bench.path(`target-${targets++}`)
    const filter = compilePathFilter([byteStringOf('deep')])
    const select = (path: ByteString): { selected: boolean; childMayBeSelected: boolean } => {
      const { matched, childMayMatch } = filter.match(path)
      return { selected: matched, childMayBeSelected: childMayMatch }
    }
    await restore(indexed, { target, select })
    expect([...manifestOf(target).keys()]).toEqual(['folder', 'folder/below', 'folder/below/deep'])
    const expected = manifestOf(source)
    for (const [path, facts] of manifestOf(target)) expect(facts).toEqual(expected.get(path))
  })

  test('sparse files have holes', async () => {
    const target = bench.path(`target-${targets++}`)
    await restore(indexed, { target, sparse: true })
    expect(sortedManifest(target)).toEqual(sortedManifest(source))
    expect(lstatSync(join(target, 'zeros')).blocks).toBe(0)
    expect(lstatSync(join(target, 'large')).blocks * 512).toBeGreaterThanOrEqual(content.length)
    // Into a file that has data, zeros are written.
    writeFileSync(join(target, 'zeros'), noise(6_000_000, 3))
    await restore(indexed, { target, sparse: true })
    expect(readFileSync(join(target, 'zeros')).equals(Buffer.alloc(6_000_000))).toBe(true)
  })

  test('is cancelled by its signal', async () => {
    const controller = new AbortController()
    const request = { tree: await newestTree(indexed), target: byteStringOf(bench.path('cancelled')) }
    const progress = { found: () => controller.abort(new Error('enough')) }
    await expect(executeRestore(indexed, request, { signal: controller.signal, progress })).rejects.toThrow('enough')
  })
})
