import { describe, expect, it } from 'vitest'
import { EngineError } from '../errors.ts'
import { byteStringOf, displayText } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree, TreeNode } from '../format/node.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import type { CallOptions } from '../storage/storage.ts'
import { type FolderSpec, SampleNode, sampleRepository, saveFolder } from '../testing/sample-snapshots.ts'
import { TREES_AHEAD_MAX, TREES_UNDER_WAY_MAX } from './tree-read-ahead.ts'
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
    const reader = new HeldReader(indexed)
    expect(await pathsOf(reader, root)).toHaveLength(1000)
    expect(reader.most).toBe(TREES_UNDER_WAY_MAX)
  })

  it('reads side by side what is below folders that hold one folder each, in the order of the walk', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `p${String(index).padStart(2, '0')}`)
    const { indexed, root } = await stored(Object.fromEntries(names.map((name) => [name, { a: { b: { c: { file: name } } } }])))
    const reader = new HeldReader(indexed)
    expect(await pathsOf(reader, root)).toEqual(names.flatMap((p) => [`/${p}`, `/${p}/a`, `/${p}/a/b`, `/${p}/a/b/c`, `/${p}/a/b/c/file`]))
    expect(reader.most).toBe(TREES_UNDER_WAY_MAX)
    // One after the other these would be 161 rounds; folder by folder, the children of each at once, 125.
    expect(reader.rounds).toBeLessThan(30)
  })

  it('holds a bounded number of trees of what it has not come to', async () => {
    const folders = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`d${index}`, { x: { file: `${index}` } }]))
    const { indexed, root } = await stored(folders)
    const reader = new HeldReader(indexed)
    const walk = walkTree(reader, root)
    await walk.next()
    await walk.next()
    // The walk stands still; reading ahead goes on until it has enough.
    await expect.poll(() => reader.count).toBeGreaterThan(TREES_AHEAD_MAX)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(reader.count).toBeLessThanOrEqual(2 + TREES_AHEAD_MAX)
    await walk.return(undefined)
    const { count } = reader
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(reader.count).toBe(count)
  })

  it('ends with what the caller throws about a folder, though that is asked ahead of the walk', async () => {
    const { indexed, root } = await stored({ a: { b: { c: { d: 'x' } } }, e: { f: 'y' } })
    const enter: WalkOptions['enter'] = ({ path }) => {
      if (path === '/a/b/c') throw new Error('not this one')
      return true
    }
    await expect(pathsOf(indexed, root, { enter })).rejects.toThrow('not this one')
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

/** Answers only when nothing else is going to be asked for, all that was asked for at once: in rounds, as over a slow line. */
class HeldReader implements TreeReader {
  count = 0
  most = 0
  rounds = 0
  readonly #reader: TreeReader
  readonly #waiting: (() => void)[] = []

  constructor(reader: TreeReader) {
    this.#reader = reader
  }

  async readTree(id: BlobId, options?: CallOptions): Promise<Tree> {
    this.count++
    const tree = await this.#reader.readTree(id, options)
    await new Promise<void>((resolve) => {
      if (this.#waiting.push(resolve) === 1) setTimeout(() => this.#answer(), 2)
    })
    return tree
  }

  #answer(): void {
    this.rounds++
    this.most = Math.max(this.most, this.#waiting.length)
    for (const answer of this.#waiting.splice(0)) answer()
  }
}

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
