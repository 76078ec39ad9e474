import { describe, expect, it } from 'vitest'
import { byteStringOf, displayText } from '../format/byte-string.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { Timestamp } from '../format/timestamp.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { type FolderSpec, SAMPLE_TIME, SampleNode, sampleRepository, saveSample } from '../testing/sample-snapshots.ts'
import { type FindOptions, findFiles } from './find.ts'
import { findObjects, locateObject, objectsOfPacks } from './find-objects.ts'
import { type ListOptions, listSnapshot } from './list.ts'

const FOLDER: FolderSpec = {
  home: { work: { 'a.txt': 'a', deep: { 'b.txt': 'b', 'C.TXT': 'c' } }, 'work.txt': 'd' },
  old: new SampleNode({ mtime: '2001-01-01T00:00:00Z' as Timestamp, content: [] }),
  other: { 'e.txt': 'a' },
}

describe('listSnapshot', () => {
  it('lists everything when no path is given', async () => {
    expect(await list({})).toHaveLength(10)
  })

  it('lists the given folders and what is directly in them', async () => {
    expect(await list({ paths: [byteStringOf('/home/work')] })).toEqual(['/home/work', '/home/work/a.txt', '/home/work/deep'])
  })

  it('lists what is below too when it is asked to', async () => {
    expect(await list({ paths: [byteStringOf('/home/work/deep'), byteStringOf('/other')], recursive: true })).toEqual([
      '/home/work/deep',
      '/home/work/deep/C.TXT',
      '/home/work/deep/b.txt',
      '/other',
      '/other/e.txt',
    ])
  })

  it('gives folders on the way and tells when each folder ends', async () => {
    const { indexed, snapshot } = await stored()
    const events: string[] = []
    const options: ListOptions = {
      paths: [byteStringOf('/home/work')],
      withFoldersOnTheWay: true,
      onLeave: ({ path }) => events.push(`left ${path}`),
    }
    for await (const { path, isOnTheWay } of listSnapshot(indexed, snapshot.tree, options)) events.push(isOnTheWay ? `(${path})` : path)
    expect(events).toEqual([
      '(/home)',
      '/home/work',
      '/home/work/a.txt',
      '/home/work/deep',
      'left /home/work/deep',
      'left /home/work',
      'left /home',
    ])
  })
})

describe('findFiles', () => {
  it('finds by patterns, with and without regard to case', async () => {
    expect(await find({ patterns: ['*.txt'] })).toEqual(['/home/work/a.txt', '/home/work/deep/b.txt', '/home/work.txt', '/other/e.txt'])
    expect(await find({ patterns: ['c.txt'], ignoreCase: true })).toEqual(['/home/work/deep/C.TXT'])
    expect(await find({ patterns: ['/other/*', '!old'] })).toEqual(['/old', '/other/e.txt'])
    expect(await find({ patterns: ['/home/work/deep'] })).toEqual(['/home/work/deep', '/home/work/deep/C.TXT', '/home/work/deep/b.txt'])
  })

  it('finds by times', async () => {
    expect(await find({ patterns: ['o*'], newest: '2001-01-01T00:00:00Z' })).toEqual(['/old'])
    expect(await find({ patterns: ['o*'], oldest: SAMPLE_TIME })).toEqual(['/other', '/other/e.txt'])
    await expect(find({ patterns: ['*'], oldest: SAMPLE_TIME, newest: '2001-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'input.invalid',
    })
  })
})

describe('findObjects', () => {
  it('finds every use of a blob and of a tree by the beginning of its id', async () => {
    const { indexed, snapshot } = await stored()
    const [blob] = [...indexed.index].filter(({ type }) => type === 'data')
    const [first] = await Array.fromAsync(findFiles(indexed, [snapshot], { patterns: [byteStringOf('a.txt')] }))
    const id = first?.node.content?.[0] ?? blob?.id ?? ''
    const found = await Array.fromAsync(
      findObjects(indexed, [snapshot], { blobs: new Set([id.slice(0, 8)]), trees: new Set([snapshot.tree]) }),
    )
    expect(found.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['tree /', 'blob /home/work/a.txt', 'blob /other/e.txt'])
    for (const { kind, id: foundId } of found) expect(locateObject(indexed, kind === 'blob' ? 'data' : 'tree', foundId)).toHaveLength(1)
  })

  it('knows what packs hold, also those that the index does not have', async () => {
    const { indexed } = await stored()
    const packs = indexed.packs.ids().map((id) => id.slice(0, 10))
    const empty = await indexed.repository.loadIndex()
    const objects = await objectsOfPacks(empty, packs)
    expect(objects.blobs.size).toBe(4)
    expect(objects.trees.size).toBe(5)
    await indexed.repository.removeFile('data', indexed.packs.idOf(0))
    expect(await objectsOfPacks(empty, packs)).toEqual(objects)
    await expect(objectsOfPacks(empty, ['00000000'])).rejects.toMatchObject({ code: 'data.missing' })
    await expect(objectsOfPacks(empty, ['xyz'])).rejects.toMatchObject({ code: 'input.invalid' })
  })
})

async function stored(): Promise<{ indexed: IndexedRepository; snapshot: StoredSnapshot }> {
  const repository = await sampleRepository()
  const snapshot = await saveSample(repository, FOLDER)
  return { indexed: await repository.loadIndex(), snapshot }
}

async function list(options: ListOptions): Promise<string[]> {
  const { indexed, snapshot } = await stored()
  const listed = await Array.fromAsync(listSnapshot(indexed, snapshot.tree, options))
  return listed.map(({ path }) => displayText(path))
}

async function find(
  options: Omit<FindOptions, 'patterns' | 'oldest' | 'newest'> & { patterns: string[]; oldest?: string; newest?: string },
): Promise<string[]> {
  const { indexed, snapshot } = await stored()
  const { patterns, oldest, newest, ...others } = options
  const found = findFiles(indexed, [snapshot], {
    ...others,
    patterns: patterns.map(byteStringOf),
    ...(oldest === undefined ? {} : { oldest: oldest as Timestamp }),
    ...(newest === undefined ? {} : { newest: newest as Timestamp }),
  })
  return (await Array.fromAsync(found)).map(({ path }) => displayText(path))
}
