import { describe, expect, it } from 'vitest'
import { EngineError } from '../errors.ts'
import { byteStringOf, displayText } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree, TreeNode } from '../format/node.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { type FolderSpec, SampleNode, sampleRepository, saveFolder } from '../testing/sample-snapshots.ts'
import { firstVisits, streamTrees } from './tree-stream.ts'
import { findNode, findSubtree, type TreeReader, type WalkOptions, walkTree } from './tree-walker.ts'

const FOLDER: FolderSpec = {
  a: { deep: { er: { file: 'x' } }, file: 'y' },
  'a.txt': 'text',
  b: {},
  c: { one: '1', two: '2' },
}

describe('walkTree', () => {
  it('gives every node once, folders before their content, names in the order of their bytes', async () => {
    const { indexed, root } = await stored(FOLDER)
    expect(await pathsOf(indexed, root)).toEqual([
      '/a',
      '/a/deep',
      '/a/deep/er',
      '/a/deep/er/file',
      '/a/file',
      '/a.txt',
      '/b',
      '/c',
      '/c/one',
      '/c/two',
    ])
  })

  it('does not read folders that the caller does not enter, and says when it leaves the others', async () => {
    const { indexed, root } = await stored(FOLDER)
    const read: BlobId[] = []
    const counting: TreeReader = {
      readTree: (id, options) => {
        read.push(id)
        return indexed.readTree(id, options)
      },
    }
    const events: string[] = []
    const enter: WalkOptions['enter'] = ({ path }) => path !== '/a'
    for await (const { path } of walkTree(counting, root, { enter, onLeave: ({ path: left }) => events.push(`left ${left}`) }))
      events.push(path)
    expect(events).toEqual(['/a', '/a.txt', '/b', 'left /b', '/c', '/c/one', '/c/two', 'left /c'])
    expect(read).toHaveLength(3)
  })

  it('reads ahead a bounded number of folders', async () => {
    const { indexed, root } = await stored(
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`d${index}`, { file: `${index}` }])),
    )
    let [underWay, most] = [0, 0]
    const reader: TreeReader = {
      readTree: async (id, options) => {
        most = Math.max(most, ++underWay)
        try {
          return await indexed.readTree(id, options)
        } finally {
          underWay--
        }
      },
    }
    expect(await pathsOf(reader, root)).toHaveLength(1000)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
  })

  it('goes through the same tree in several places', async () => {
    const twin: FolderSpec = { inner: { file: 'x' } }
    const { indexed, root } = await stored({ a: twin, b: twin, c: { deeper: twin } })
    expect(await pathsOf(indexed, root)).toHaveLength(10)
  })

  it('ends at a folder that contains itself', async () => {
    const reader = endless(() => [folderNode('a', idOf(1))])
    await expect(pathsOf(reader, idOf(0))).rejects.toMatchObject({
      code: 'data.malformed',
      message: expect.stringContaining('contains itself'),
    })
  })

  it('ends at folders nested beyond all bounds', async () => {
    const reader = endless((id) => [folderNode('a', idOf(Number.parseInt(id, 16) + 1))])
    await expect(pathsOf(reader, idOf(0))).rejects.toMatchObject({ code: 'data.malformed', message: expect.stringContaining('nested') })
  })

  it('reports folders that name no tree or one that is missing, and goes on if it may', async () => {
    const { indexed, root } = await stored({
      'a-none': new SampleNode({ type: 'dir' }),
      'b-missing': new SampleNode({ type: 'dir', subtree: idOf(7) }),
      c: 'file',
    })
    await expect(pathsOf(indexed, root)).rejects.toMatchObject({ code: 'data.malformed' })
    const broken: string[] = []
    const paths = await pathsOf(indexed, root, { onBroken: ({ path, error }) => broken.push(`${path} ${error.code}`) })
    expect(paths).toEqual(['/a-none', '/b-missing', '/c'])
    expect(broken).toEqual(['/a-none data.malformed', '/b-missing data.missing'])
  })

  it('does not pass over failures of the storage', async () => {
    const reader: TreeReader = { readTree: () => Promise.reject(new EngineError('storage.unavailable', 'Cannot read: no answer')) }
    await expect(pathsOf(reader, idOf(0), { onBroken: () => undefined })).rejects.toMatchObject({ code: 'storage.unavailable' })
  })

  it('ends when it is cancelled', async () => {
    const { indexed, root } = await stored(FOLDER)
    const controller = new AbortController()
    const walk = walkTree(indexed, root, { signal: controller.signal })
    await walk.next()
    controller.abort(new EngineError('operation.cancelled', 'Cannot go on: cancelled'))
    await expect(walk.next()).rejects.toMatchObject({ code: 'operation.cancelled' })
  })
})

describe('findNode and findSubtree', () => {
  it('find nodes and folders by their paths', async () => {
    const { indexed, root } = await stored(FOLDER)
    const found = await findNode(indexed, root, { path: byteStringOf('/a/./deep//er/file') })
    expect(found?.name).toBe('file')
    expect(await findNode(indexed, root, { path: byteStringOf('/') })).toBeUndefined()
    expect(await findSubtree(indexed, root, { subfolder: '' })).toBe(root)
    expect(await pathsOf(indexed, await findSubtree(indexed, root, { subfolder: 'a/deep' }))).toEqual(['/er', '/er/file'])
  })

  it('say what is not there', async () => {
    const { indexed, root } = await stored(FOLDER)
    for (const subfolder of ['nothing', 'a/nothing', 'a.txt', 'a.txt/x', '..']) {
      await expect(findSubtree(indexed, root, { subfolder }), subfolder).rejects.toMatchObject({ code: 'path.not-found' })
    }
  })
})

describe('streamTrees', () => {
  it('gives every tree once, shared ones too, and passes over broken ones if it may', async () => {
    const shared: FolderSpec = { x: { y: 'z' } }
    const { indexed, root } = await stored({ a: shared, b: shared, c: new SampleNode({ type: 'dir', subtree: idOf(7) }) })
    const broken: string[] = []
    const seen: string[] = []
    const options = { wants: firstVisits(), onBroken: (_id: BlobId, error: EngineError) => broken.push(error.code) }
    for await (const { id } of streamTrees(indexed, [root, root], options)) seen.push(id)
    expect(new Set(seen).size).toBe(3)
    expect(seen).toHaveLength(3)
    expect(broken).toEqual(['data.missing'])
    const strict = Array.fromAsync(streamTrees(indexed, [root], { wants: firstVisits() }))
    await expect(strict).rejects.toMatchObject({ code: 'data.missing' })
  })
})

async function stored(folder: FolderSpec): Promise<{ indexed: IndexedRepository; root: BlobId }> {
  const indexed = await (await sampleRepository()).loadIndex()
  const root = await indexed.write((writer) => saveFolder(writer, folder))
  return { indexed, root }
}

async function pathsOf(reader: TreeReader, root: BlobId, options: WalkOptions = {}): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of walkTree(reader, root, options)) paths.push(displayText(path))
  return paths
}

function idOf(value: number): BlobId {
  return value.toString(16).padStart(64, '0') as BlobId
}

/** Trees that no repository can hold, since ids are hashes; a reader that does not check would meet them. */
function endless(nodesOf: (id: BlobId) => readonly TreeNode[]): TreeReader {
  return { readTree: async (id): Promise<Tree> => ({ nodes: nodesOf(id) }) }
}

function folderNode(name: string, subtree: BlobId): TreeNode {
  const time = '2024-01-01T00:00:00Z' as TreeNode['mtime']
  return { name: byteStringOf(name), type: 'dir', mtime: time, atime: time, ctime: time, uid: 0, gid: 0, content: null, subtree }
}
