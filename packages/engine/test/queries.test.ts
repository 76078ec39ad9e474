import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteStringOf, displayText } from '../src/format/byte-string.ts'

import type { StoredSnapshot } from '../src/format/snapshot.ts'
import { timestampFromMs } from '../src/format/timestamp.ts'
import { catBlob, catFile } from '../src/operations/cat.ts'
import { type DiffSide, diffTrees } from '../src/operations/diff.ts'
import { type FindOptions, findFiles } from '../src/operations/find.ts'
import { findObjects, objectsOfPacks, type WantedObjects } from '../src/operations/find-objects.ts'
import { listSnapshot } from '../src/operations/list.ts'
import { compilePathFilter } from '../src/operations/path-filter.ts'
import { rewriteSnapshot } from '../src/operations/rewrite.ts'
import { computeStatistics, STATISTICS_MODES } from '../src/operations/statistics.ts'
import { changeTags, type TagChange } from '../src/operations/tag.ts'
import type { IndexedRepository } from '../src/repository/indexed-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { findSubtree } from '../src/snapshots/tree-walker.ts'
import { resticBinaries } from '../src/testing/restic.ts'
import { changeSourceFolder, makeSourceFolder, ResticWorkbench } from './restic-workbench.ts'

interface PrintedNode {
  readonly path: string
  readonly name: string
  readonly type: string
  readonly uid: number
  readonly gid: number
  readonly size?: number
  readonly mode?: number
  readonly mtime: string
  readonly atime: string
  readonly ctime: string
}

for (const restic of resticBinaries()) {
  describe(`on a repository of restic ${restic.version}`, () => {
    const bench = new ResticWorkbench(restic)
    // restic 0.14 knows neither rewrite nor folders behind a colon.
    const itWithNewRestic = restic.version.startsWith('0.14.') ? () => undefined : it
    let indexed: IndexedRepository
    let snapshots: readonly StoredSnapshot[]

    beforeAll(async () => {
      const source = bench.path('source')
      bench.init('repository')
      makeSourceFolder(source)
      bench.run('repository', ['backup', '--tag', 'first', source])
      changeSourceFolder(source)
      bench.run('repository', ['backup', '--host', 'other', source])
      const repository = await bench.open('repository')
      snapshots = await loadSnapshots(repository)
      indexed = await repository.loadIndex()
      expect(snapshots).toHaveLength(2)
    })

    afterAll(() => bench[Symbol.dispose]())

    it('lists what restic lists', async () => {
      const cases = [[], [bench.path('source')], ['--recursive', bench.path('source/docs')], [bench.path('source/docs/deep'), '/nowhere']]
      for (const args of cases) {
        const recursive = args.includes('--recursive')
        const paths = args.filter((arg) => !arg.startsWith('--')).map(byteStringOf)
        const listed = await Array.fromAsync(listSnapshot(indexed, first().tree, { paths, recursive }))
        const [, ...printed] = bench.json('repository', ['ls', ...args.filter((arg) => arg.startsWith('--')), first().id, ...paths])
        expect(listed.length, args.join(' ')).toBeGreaterThan(paths.length > 1 ? 0 : 2)
        expect(listed.map(printable), args.join(' ')).toEqual((printed as PrintedNode[]).map(comparable))
      }
    })

    itWithNewRestic('lists a folder named behind a colon', async () => {
      const subfolder = bench.path('source/docs')
      const tree = await findSubtree(indexed, first().tree, { subfolder })
      const listed = await Array.fromAsync(listSnapshot(indexed, tree))
      const [, ...printed] = bench.json('repository', ['ls', `${first().id}:${subfolder}`])
      expect(listed.map(printable)).toEqual((printed as PrintedNode[]).map(comparable))
    })

    it('finds what restic finds', async () => {
      const cases: [string[], Omit<FindOptions, 'patterns'>, string[]][] = [
        [[], {}, ['*.txt']],
        [['-i'], { ignoreCase: true }, ['*.TXT', 'TEXT']],
        [[], {}, [bench.path('source/docs/deep')]],
        [[], {}, [`${bench.folder}/*/large`, 'nothing']],
        [['--newest', '2001-02-04'], { newest: timestampFromMs(new Date(2001, 1, 4).getTime()) }, ['*']],
        [['--oldest', '2017-01-01'], { oldest: timestampFromMs(new Date(2017, 0, 1).getTime()) }, ['e*']],
      ]
      for (const [args, options, patterns] of cases) {
        const found: Record<string, string[]> = {}
        for await (const { snapshot, path } of findFiles(indexed, snapshots, { ...options, patterns: patterns.map(byteStringOf) })) {
          found[snapshot.id] = [...(found[snapshot.id] ?? []), displayText(path)]
        }
        const [printed] = bench.json('repository', ['find', ...args, ...patterns]) as [{ snapshot: string; matches: { path: string }[] }[]]
        const expected = Object.fromEntries(printed.map(({ snapshot, matches }) => [snapshot, matches.map(({ path }) => path)]))
        expect(found, patterns.join(' ')).toEqual(expected)
        expect(Object.keys(found).length).toBeGreaterThan(0)
      }
    })

    it('finds the blobs, trees and packs that restic finds', async () => {
      const large = await Array.fromAsync(findFiles(indexed, [first()], { patterns: [byteStringOf('large')] }))
      const deep = await Array.fromAsync(findFiles(indexed, [first()], { patterns: [byteStringOf('er')] }))
      const blob = large[0]?.node.content?.[1] ?? expect.fail()
      const tree = deep[0]?.node.subtree ?? expect.fail()
      const dataPack = indexed.packOf(indexed.index.find('data', blob) ?? expect.fail())
      const none = new Set<string>()
      await expectObjects(['--blob', blob], { blobs: new Set([blob]), trees: none })
      await expectObjects(['--blob', blob.slice(0, 8)], { blobs: new Set([blob.slice(0, 8)]), trees: none })
      await expectObjects(['--tree', tree], { blobs: none, trees: new Set([tree]) })
      await expectObjects(['--pack', dataPack], await objectsOfPacks(indexed, [dataPack.slice(0, 8)]))
    })

    it('compares snapshots as restic does', async () => {
      for (const args of [[], ['--metadata']]) {
        for (const [from, to] of [snapshots, snapshots.toReversed()]) {
          if (from === undefined || to === undefined) expect.fail()
          const changes: unknown[] = []
          const statistics = await diffTrees(indexed, {
            from: from.tree,
            to: to.tree,
            metadata: args.length > 0,
            onChange: ({ path, modifier }) => changes.push({ message_type: 'change', path: displayText(path), modifier }),
          })
          const printed = bench.json('repository', ['diff', ...args, from.id, to.id])
          expect(changes.length).toBeGreaterThan(5)
          expect(changes).toEqual(printed.slice(0, -1))
          expect(printed.at(-1)).toMatchObject({
            changed_files: statistics.changedFiles,
            added: printableSide(statistics.added),
            removed: printableSide(statistics.removed),
          })
        }
      }
    })

    it('counts what restic counts', async () => {
      for (const mode of STATISTICS_MODES) {
        const statistics = await computeStatistics(indexed, snapshots, { mode })
        const [printed] = bench.json('repository', ['stats', '--mode', mode]) as [Record<string, number>]
        const ours: Record<string, number> = {
          total_size: statistics.totalSize,
          total_file_count: statistics.totalFileCount,
          total_blob_count: statistics.totalBlobCount,
          total_uncompressed_size: statistics.totalUncompressedSize,
          compression_ratio: statistics.compressionRatio,
          compression_progress: statistics.compressionProgress,
          compression_space_saving: statistics.compressionSpaceSaving,
          snapshots_count: statistics.snapshots,
        }
        expect(printed.total_size).toBeGreaterThan(0)
        for (const [name, value] of Object.entries(printed)) expect(value, `${mode} ${name}`).toBeCloseTo(ours[name] ?? Number.NaN, 9)
      }
    })

    it('changes tags as restic does', async () => {
      const changes: [string[], TagChange][] = [
        [['--add', 'a,b', '--add', 'c'], { add: ['a', 'b', 'c'] }],
        [['--remove', 'first,nothing'], { remove: ['first', 'nothing'] }],
        [['--remove', 'a', '--add', 'd'], { remove: ['a'], add: ['d'] }],
        [['--set', 'x,y'], { set: ['x', 'y'] }],
      ]
      bench.copyOf('repository', 'by restic')
      bench.copyOf('repository', 'by us')
      const ours = await bench.open('by us')
      for (const [args, change] of changes) {
        bench.run('by restic', ['tag', ...args])
        await changeTags(ours, await loadSnapshots(ours), { change })
        const theirs = await loadSnapshots(await bench.open('by restic'))
        expect((await loadSnapshots(ours)).map(withoutId), args.join(' ')).toEqual(theirs.map(withoutId))
      }
      expect(bench.run('by us', ['check'])).toContain('no errors')
    })

    it('shows what restic shows', async () => {
      for (const kind of ['config', 'masterkey'] as const) {
        const { content } = await catFile(indexed.repository, { kind })
        expect(content.toString().trim()).toBe(bench.run('repository', ['cat', kind]).trim())
      }
      for (const [kind, id] of [
        ['snapshot', first().id],
        ['key', indexed.repository.keyId],
        ['index', indexed.indexIds[0] ?? ''],
      ] as const) {
        const { content } = await catFile(indexed.repository, { kind, id })
        expect(JSON.parse(content.toString())).toEqual(JSON.parse(bench.run('repository', ['cat', kind, id])))
      }
      const tree = await catBlob(indexed, first().tree)
      expect(tree.toString()).toBe(bench.run('repository', ['cat', 'blob', first().tree]))
    })

    itWithNewRestic('rewrites to the trees and snapshots that restic makes', async () => {
      const excludes = (patterns: string[], ignoreCase = false) => compilePathFilter(patterns.map(byteStringOf), { ignoreCase })
      const time = '2023-05-06T07:08:09'
      const cases = [
        { args: ['--exclude', '*.txt', '--exclude', 'large'], options: { excludes: excludes(['*.txt', 'large']) } },
        { args: ['--forget', '--iexclude', '*.TXT'], options: { excludes: excludes(['*.TXT'], true), forget: true } },
        { args: ['--new-host', 'new'], options: { newHost: 'new' } },
        {
          args: ['--forget', '--new-time', time.replace('T', ' ')],
          options: { newTime: timestampFromMs(new Date(time).getTime()), forget: true },
        },
        { args: ['--exclude', 'nothing'], options: { excludes: excludes(['nothing']) } },
        {
          args: ['--forget', '--snapshot-summary', '--exclude', '/*'],
          options: { excludes: excludes(['/*']), snapshotSummary: true, forget: true },
        },
      ]
      for (const [number, { args, options }] of cases.entries()) {
        const [ours, theirs] = [`rewritten ${number}`, `rewritten by restic ${number}`]
        bench.copyOf('repository', ours)
        bench.copyOf('repository', theirs)
        bench.run(theirs, ['rewrite', ...args])
        const repository = await bench.open(ours)
        const target = await repository.loadIndex()
        for (const snapshot of await loadSnapshots(repository)) await rewriteSnapshot(target, snapshot, options)
        const expected = (await loadSnapshots(await bench.open(theirs))).map(withoutId)
        expect(sorted((await loadSnapshots(repository)).map(withoutId)), args.join(' ')).toEqual(sorted(expected))
        expect(bench.run(ours, ['check', '--read-data'])).toContain('no errors')
      }
    })

    function first(): StoredSnapshot {
      return snapshots[0] ?? expect.fail('no snapshot')
    }

    async function expectObjects(args: readonly string[], wanted: WantedObjects): Promise<void> {
      const found = await Array.fromAsync(findObjects(indexed, snapshots, wanted))
      const ours = found.map(({ kind, id, path, snapshot }) => ({ object_type: kind, id, path: displayText(path), snapshot: snapshot.id }))
      const [printed] = bench.json('repository', ['find', ...args]) as [
        { object_type: string; id: string; path: string; snapshot: string }[],
      ]
      const theirs = printed.map(({ object_type, id, path, snapshot }) => ({ object_type, id, path, snapshot }))
      expect(ours.length).toBeGreaterThan(0)
      expect(sorted(ours), args.join(' ')).toEqual(sorted(theirs))
    }
  })
}

function printable({
  path,
  node,
}: {
  path: Parameters<typeof displayText>[0]
  node: { readonly name: typeof path } & object
}): PrintedNode {
  return comparable({ ...(node as unknown as PrintedNode), name: displayText(node.name), path: displayText(path) })
}

/** The fields that every release of restic prints for a node; 0.14 prints the size of files alone and no zeros. */
function comparable({ path, name, type, uid, gid, size, mode, mtime, atime, ctime }: PrintedNode): PrintedNode {
  return { path, name, type, uid, gid, ...(type === 'file' ? { size: size ?? 0 } : {}), mode: mode ?? 0, mtime, atime, ctime }
}

function printableSide({ files, dirs, others, dataBlobs, treeBlobs, bytes }: DiffSide): object {
  return { files, dirs, others, data_blobs: dataBlobs, tree_blobs: treeBlobs, bytes }
}

function withoutId({ id: _id, ...fields }: StoredSnapshot): object {
  return fields
}

function sorted<Item>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
