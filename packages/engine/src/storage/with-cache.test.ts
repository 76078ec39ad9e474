import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { describeStorageContract } from '../testing/storage-contract.ts'
import { CacheFolder, listCaches, removeCache } from './cache-folder.ts'
import type { FileKind, FileRef, Storage } from './storage.ts'
import { withCache } from './with-cache.ts'

const REPOSITORY = 'cd'.repeat(32)
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-cache-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface Setup {
  readonly inner: MemoryStorage
  readonly counted: FaultyStorage
  readonly storage: Storage
  readonly cache: CacheFolder
}

async function setUp(): Promise<Setup> {
  const inner = new MemoryStorage()
  const counted = new FaultyStorage(inner, { fault: () => undefined })
  const cache = await CacheFolder.open({ root, repositoryId: REPOSITORY })
  return { inner, counted, cache, storage: withCache(counted, cache) }
}

function fileOf(kind: FileKind, content: string): FileRef {
  return { kind, name: createHash('sha256').update(content).digest('hex') }
}

function cached(file: FileRef): string {
  return join(root, REPOSITORY, file.kind, file.name.slice(0, 2), file.name)
}

function reads({ counted }: Setup): number {
  return counted.calls.filter(({ operation }) => operation === 'read').length
}

describeStorageContract('withCache', async () => (await setUp()).storage)

describe('withCache', () => {
  it('makes a folder as restic does', async () => {
    await setUp()
    expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toBe('Signature: 8a477f597d28d172789f06886806bc55\n')
    expect(readFileSync(join(root, REPOSITORY, 'version'), 'utf8')).toBe('1')
    await setUp()
  })

  it.each(['index', 'snapshots'] as const)('reads a file of %s from the storage once', async (kind) => {
    const test = await setUp()
    const file = fileOf(kind, 'content')
    test.inner.replaceFile(file, Buffer.from('content'))
    for (let round = 0; round < 3; round++) expect(Buffer.from(await test.storage.read(file, 'all')).toString()).toBe('content')
    expect(Buffer.from(await test.storage.read(file, { offset: 3, length: 2 })).toString()).toBe('te')
    expect(reads(test)).toBe(1)
    expect(readFileSync(cached(file), 'utf8')).toBe('content')
  })

  it('keeps what is written, but packs only if asked to, and never keys, locks or config', async () => {
    const test = await setUp()
    for (const kind of ['index', 'snapshots', 'data', 'keys', 'locks'] as const)
      await test.storage.write(fileOf(kind, kind), Buffer.from(kind))
    await test.storage.write({ kind: 'config', name: '' }, Buffer.from('config'))
    await test.storage.write(fileOf('data', 'trees'), Buffer.from('trees'), { keep: true })
    const kept = (['index', 'snapshots', 'data', 'keys', 'locks'] as const).filter((kind) => existsSync(cached(fileOf(kind, kind))))
    expect(kept).toEqual(['index', 'snapshots'])
    expect(existsSync(cached(fileOf('data', 'trees')))).toBe(true)
    await test.storage.read(fileOf('data', 'trees'), { offset: 1, length: 2 })
    await test.storage.read(fileOf('index', 'index'), 'all')
    expect(reads(test)).toBe(0)
  })

  it('fetches the whole of a pack that is to be kept when a part is read', async () => {
    const test = await setUp()
    const file = fileOf('data', 'pack of trees')
    test.inner.replaceFile(file, Buffer.from('pack of trees'))
    await test.storage.read(file, { offset: 0, length: 4 })
    expect(existsSync(cached(file))).toBe(false)
    const parts = await Promise.all([0, 5, 8].map((offset) => test.storage.read(file, { offset, length: 2 }, { keep: true })))
    expect(parts.map((part) => Buffer.from(part).toString())).toEqual(['pa', 'of', 'tr'])
    expect(reads(test)).toBe(2)
    await expect(test.storage.read(file, { offset: 10, length: 10 }, { keep: true })).rejects.toMatchObject({ code: 'storage.range' })
  })

  it('gives each caller bytes of its own', async () => {
    const test = await setUp()
    const file = fileOf('index', 'content')
    test.inner.replaceFile(file, Buffer.from('content'))
    const asBuffers = Object.assign(test.counted, { read: async () => Buffer.from('content') })
    const storage = withCache(asBuffers, test.cache)
    const contents = await Promise.all([1, 2, 3].map(() => storage.read(file, 'all')))
    for (const content of contents) {
      expect(Buffer.from(content).toString()).toBe('content')
      content.fill(0)
    }
    expect(readFileSync(cached(file), 'utf8')).toBe('content')
  })

  it.each([
    ['shortened', (content: Buffer) => content.subarray(0, 3)],
    ['changed', (content: Buffer) => Buffer.from(content.map((byte) => byte ^ 1))],
    ['emptied', () => Buffer.alloc(0)],
  ])('drops and fetches again a cached file that was %s', async (_, damage) => {
    const first = await setUp()
    const file = fileOf('index', 'content')
    await first.storage.write(file, Buffer.from('content'))
    for (const range of ['all', { offset: 0, length: 2 }] as const) {
      writeFileSync(cached(file), damage(Buffer.from('content')))
      const test = await setUp()
      test.inner.replaceFile(file, Buffer.from('content'))
      const content = Buffer.from(await test.storage.read(file, range)).toString()
      expect(content).toBe(range === 'all' ? 'content' : 'co')
      expect(reads(test)).toBe(1)
      expect(readFileSync(cached(file), 'utf8')).toBe('content')
    }
  })

  it('hands over a file that is damaged in the storage, but does not keep it', async () => {
    const test = await setUp()
    const file = fileOf('index', 'content')
    test.inner.replaceFile(file, Buffer.from('damaged'))
    expect(Buffer.from(await test.storage.read(file, 'all')).toString()).toBe('damaged')
    expect(existsSync(cached(file))).toBe(false)
  })

  it('forgets what is removed, what is gone and what a whole listing does not name', async () => {
    const test = await setUp()
    const [removed, gone, stale, kept] = ['removed', 'gone', 'stale', 'kept'].map((content) => fileOf('index', content)) as [
      FileRef,
      FileRef,
      FileRef,
      FileRef,
    ]
    for (const content of ['removed', 'gone', 'stale', 'kept']) await test.storage.write(fileOf('index', content), Buffer.from(content))
    await test.storage.remove(removed)
    test.inner.replaceFile(gone, undefined)
    await expect(test.storage.stat(gone)).rejects.toMatchObject({ code: 'storage.not-found' })
    test.inner.replaceFile(stale, undefined)
    for await (const _ of test.storage.list('index')) break
    expect([removed, gone, stale, kept].map((file) => existsSync(cached(file)))).toEqual([false, false, true, true])
    await Array.fromAsync(test.storage.list('index'))
    expect([removed, gone, stale, kept].map((file) => existsSync(cached(file)))).toEqual([false, false, false, true])
  })

  it('goes on without a cache that cannot be written', async () => {
    const test = await setUp()
    const problems: unknown[] = []
    const storage = withCache(test.counted, test.cache, { onProblem: (error) => problems.push(error) })
    rmSync(join(root, REPOSITORY, 'index'), { recursive: true })
    writeFileSync(join(root, REPOSITORY, 'index'), 'in the way')
    await storage.write(fileOf('index', 'content'), Buffer.from('content'))
    expect((await storage.read(fileOf('index', 'content'), 'all')).length).toBe(7)
    expect(problems.length).toBeGreaterThan(0)
  })

  it('refuses a folder of a newer program', async () => {
    mkdirSync(join(root, REPOSITORY), { recursive: true })
    writeFileSync(join(root, REPOSITORY, 'version'), '2')
    await expect(CacheFolder.open({ root, repositoryId: REPOSITORY })).rejects.toMatchObject({ code: 'storage.failed' })
  })
})

describe('listCaches', () => {
  it('finds the caches and tells the abandoned ones', async () => {
    expect(await listCaches(join(root, 'nothing'))).toEqual([])
    await setUp()
    const old = await CacheFolder.open({ root, repositoryId: 'ef'.repeat(32) })
    utimesSync(old.folder, 0, 0)
    mkdirSync(join(root, 'something else'))
    const caches = [...(await listCaches(root))].sort((one, other) => (one.repositoryId < other.repositoryId ? -1 : 1))
    expect(caches).toMatchObject([
      { repositoryId: REPOSITORY, abandoned: false },
      { repositoryId: 'ef'.repeat(32), abandoned: true, lastUsedMs: 0 },
    ])
    for (const cache of caches.filter(({ abandoned }) => abandoned)) await removeCache(cache)
    expect(existsSync(old.folder)).toBe(false)
  })
})
