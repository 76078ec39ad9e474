import { describe, expect, it } from 'vitest'
import { displayText } from '../format/byte-string.ts'
import type { Timestamp } from '../format/timestamp.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { type FolderSpec, SampleNode, sampleRepository, saveSample } from '../testing/sample-snapshots.ts'
import { type DiffOptions, type DiffStatistics, diffTrees } from './diff.ts'
import { computeStatistics, STATISTICS_MODES } from './statistics.ts'

const BEFORE: FolderSpec = {
  changed: 'before',
  gone: { deep: { file: 'gone' } },
  link: new SampleNode({ type: 'symlink' }),
  same: { file: 'same' },
  touched: 'touched',
}
const AFTER: FolderSpec = {
  changed: 'after!',
  link: 'now a file',
  new: { file: 'new' },
  same: { file: 'same' },
  touched: new SampleNode({ mtime: '2024-06-01T00:00:00Z' as Timestamp, size: 7, links: 1 }),
}

describe('diffTrees', () => {
  it('tells what was added, removed, modified, and of another type', async () => {
    const { changes, statistics } = await diff(BEFORE, AFTER)
    expect(changes).toEqual([
      'M? /changed',
      '- /gone/',
      '- /gone/deep/',
      '- /gone/deep/file',
      'T /link',
      '+ /new/',
      '+ /new/file',
      'M /touched',
    ])
    expect(statistics).toMatchObject({
      changedFiles: 2,
      added: { files: 1, dirs: 1, others: 0 },
      removed: { files: 1, dirs: 2, others: 0 },
    })
    // Data: after!, now a file, new; trees: the root and /new. Before: before, gone, touched; the root, /gone and /gone/deep.
    expect(statistics.added).toMatchObject({ dataBlobs: 3, treeBlobs: 2 })
    expect(statistics.removed).toMatchObject({ dataBlobs: 3, treeBlobs: 3 })
  })

  it('tells metadata when it is asked to, but not of times that are the same in another zone', async () => {
    const at = (mtime: string): FolderSpec => ({ file: new SampleNode({ mtime: mtime as Timestamp, content: [] }) })
    expect((await diff(at('2024-01-01T12:00:00Z'), at('2024-01-01T13:00:00Z'), { metadata: true })).changes).toEqual(['U /file'])
    expect((await diff(at('2024-01-01T12:00:00Z'), at('2024-01-01T13:00:00Z'))).changes).toEqual([])
    expect((await diff(at('2024-01-01T12:00:00Z'), at('2024-01-01T13:00:00+01:00'), { metadata: true })).changes).toEqual([])
  })

  it('does not count content that is still there in a folder that did not change', async () => {
    const { statistics } = await diff({ moved: 'same', same: { file: 'same' } }, { same: { file: 'same' } })
    expect(statistics.removed).toMatchObject({ files: 1, dataBlobs: 0, treeBlobs: 1 })
  })

  it('finds nothing between the same', async () => {
    const { changes, statistics } = await diff(BEFORE, BEFORE)
    expect(changes).toEqual([])
    const none = { files: 0, dirs: 0, others: 0, dataBlobs: 0, treeBlobs: 0, bytes: 0 }
    expect(statistics).toEqual({ changedFiles: 0, added: none, removed: none })
  })

  it('reports folders that are lost and compares the others', async () => {
    const lost = (digit: string): FolderSpec => ({
      a: new SampleNode({ type: 'dir', subtree: digit.repeat(64) as never }),
      b: digit,
    })
    await expect(diff(lost('1'), lost('2'))).rejects.toMatchObject({ code: 'data.missing' })
    const broken: string[] = []
    const { changes } = await diff(lost('1'), lost('2'), { onBroken: (error) => broken.push(error.code) })
    expect(changes).toEqual(['M? /b'])
    expect(broken).toEqual(['data.missing'])
  })
})

describe('computeStatistics', () => {
  it('counts in every mode', async () => {
    const repository = await sampleRepository()
    const folder: FolderSpec = {
      a: { one: 'same', two: 'same' },
      three: 'other',
      four: new SampleNode({ links: 2, inode: 5, size: 3 }),
      link: new SampleNode({ links: 2, inode: 5, size: 3 }),
    }
    const snapshots = [await saveSample(repository, folder), await saveSample(repository, { ...folder, five: '55555' })]
    const indexed = await repository.loadIndex()
    const all = new Map<string, unknown>()
    for (const mode of STATISTICS_MODES) all.set(mode, await computeStatistics(indexed, snapshots, { mode }))
    expect(all.get('restore-size')).toMatchObject({ snapshots: 2, totalSize: 2 * (4 + 4 + 5 + 3) + 5, totalFileCount: 13 })
    // "same", "other", "55555" and everything without content.
    expect(all.get('files-by-contents')).toMatchObject({ totalSize: 4 + 5 + 5, totalFileCount: 4 })
    expect(all.get('blobs-per-file')).toMatchObject({ totalSize: 4 + 5 + 5, totalFileCount: 3, totalBlobCount: 3 })
    const stored = [...indexed.index]
    expect(all.get('raw-data')).toMatchObject({
      totalBlobCount: stored.length,
      totalSize: stored.reduce((sum, { length }) => sum + length, 0),
    })
  })

  it('ends at a blob that the index does not have', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ storage })
    const snapshot = await saveSample(repository, { file: new SampleNode({ content: ['3'.repeat(64) as never], size: 1 }) })
    const indexed = await repository.loadIndex()
    for (const mode of ['raw-data', 'blobs-per-file'] as const) {
      await expect(computeStatistics(indexed, [snapshot], { mode }), mode).rejects.toMatchObject({ code: 'data.missing' })
    }
  })
})

async function diff(
  before: FolderSpec,
  after: FolderSpec,
  options: Pick<DiffOptions, 'metadata' | 'onBroken'> = {},
): Promise<{ changes: string[]; statistics: DiffStatistics }> {
  const repository = await sampleRepository()
  const from = await saveSample(repository, before)
  const to = await saveSample(repository, after)
  const changes: string[] = []
  const statistics = await diffTrees(await repository.loadIndex(), {
    ...options,
    from: from.tree,
    to: to.tree,
    onChange: ({ path, modifier }) => changes.push(`${modifier} ${displayText(path)}`),
  })
  return { changes, statistics }
}
