import { describe, expect, it } from 'vitest'
import { EngineError } from '../errors.ts'
import type { BlobId } from '../format/ids.ts'
import { decodeIndexFile, encodeIndexFile, type IndexedBlob } from '../format/index-file.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import { BlobSet } from '../repository/blob-set.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { OpenRepository } from '../repository/open-repository.ts'
import { loadSnapshots } from '../snapshots/load-snapshots.ts'
import { firstVisits, streamTrees } from '../snapshots/tree-stream.ts'
import { atCall, FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { type FolderSpec, SampleNode, sampleRepository, saveSample } from '../testing/sample-snapshots.ts'
import { type CopyOptions, type CopyResult, copySnapshots } from './copy.ts'

const TEXT = 'compressible '.repeat(1000)
const FOLDER: FolderSpec = { a: { one: TEXT, two: `${TEXT}2` }, b: { one: TEXT }, short: 'x', empty: '' }

describe('copySnapshots', () => {
  for (const [from, to] of [
    [2, 2],
    [1, 2],
    [2, 1],
    [1, 1],
  ] as const) {
    it(`copies from version ${from} to version ${to}`, async () => {
      const source = await sampleRepository({ version: from })
      const target = await sampleRepository({ version: to })
      const snapshot = await saveSample(source, FOLDER, { parent: '1'.repeat(64) as StoredSnapshot['id'], tags: ['x'] })
      const result = await copy(source, target)
      const [copied, ...others] = await loadSnapshots(target)
      expect(others).toEqual([])
      const { id, parent: _parent, ...fields } = snapshot
      expect(copied).toEqual({ ...fields, id: result.copied.get(id), original: id })
      const indexed = await target.loadIndex()
      expect(result.blobs).toBe(indexed.index.size)
      await expectWhole(indexed, copied)
      const compressed = [...indexed.index].filter(({ uncompressedLength }) => uncompressedLength > 0)
      expect(compressed.length > 0).toBe(to === 2)
    })
  }

  it('takes over compressed content as it is, unless it is to be compressed again', async () => {
    const source = await sampleRepository()
    await saveSample(source, FOLDER)
    const lengths = async (repository: OpenRepository): Promise<number[]> =>
      [...(await repository.loadIndex()).index].map(({ length }) => length).sort((a, b) => a - b)
    const [plain, again] = [await sampleRepository(), await sampleRepository()]
    await copy(source, plain)
    await copy(source, again, { recompress: true, compression: 'max' })
    expect(await lengths(plain)).toEqual(await lengths(source))
    expect(await lengths(again)).not.toEqual(await lengths(source))
  })

  it('skips what was copied before, in both directions, and stores shared content once', async () => {
    const [source, target] = [await sampleRepository(), await sampleRepository()]
    await saveSample(source, FOLDER)
    await saveSample(source, { ...FOLDER, more: 'more' })
    const first = await copy(source, target)
    expect(first.copied.size).toBe(2)
    const size = (await target.loadIndex()).index.size
    const second = await copy(source, target)
    expect([second.copied.size, second.skipped.size, second.blobs]).toEqual([0, 2, 0])
    const back = await copy(target, source)
    expect([back.copied.size, back.skipped.size]).toEqual([0, 2])
    await saveSample(source, FOLDER, { tags: ['other'] })
    expect((await copy(source, target)).blobs).toBe(0)
    expect((await target.loadIndex()).index.size).toBe(size)
    expect(await loadSnapshots(target)).toHaveLength(3)
  })

  it('remembers the first of a line of copies', async () => {
    const [first, second, third] = [await sampleRepository(), await sampleRepository(), await sampleRepository()]
    const { id } = await saveSample(first, FOLDER)
    await copy(first, second)
    await copy(second, third)
    expect(await loadSnapshots(third)).toMatchObject([{ original: id }])
    expect((await copy(first, third)).skipped.size).toBe(1)
  })

  it('reads another copy of a blob that is damaged in one pack', async () => {
    const storage = new MemoryStorage()
    const source = await sampleRepository({ storage })
    await saveSample(source, FOLDER)
    const indexed = await source.loadIndex()
    const blobs = [...indexed.index].filter(({ type }) => type === 'data')
    const pack = indexed.packOf(blobs[0] ?? expect.fail())
    await indexed.write(async (writer) => {
      for (const blob of blobs) {
        const sealed = await storage.read({ kind: 'data', name: pack }, blob)
        await writer.saveSealedBlob({ type: 'data', id: blob.id, uncompressedLength: blob.uncompressedLength }, sealed)
      }
    })
    const content = storage.files.get(`data/${pack.slice(0, 2)}/${pack}`)?.content ?? expect.fail()
    storage.replaceFile({ kind: 'data', name: pack }, content.fill(0, 0, 60))
    const target = await sampleRepository()
    const result = await copy(source, target)
    expect(result.copied.size).toBe(1)
    await expectWhole(await target.loadIndex(), (await loadSnapshots(target))[0])
  })

  it('saves no snapshot of which something is lost', async () => {
    for (const lost of ['blob', 'pack'] as const) {
      const storage = new MemoryStorage()
      const source = await sampleRepository({ storage })
      await saveSample(source, lost === 'blob' ? { file: new SampleNode({ content: ['4'.repeat(64) as never] }) } : FOLDER)
      const indexed = await source.loadIndex()
      const data = [...indexed.index].find(({ type }) => type === 'data')
      if (data !== undefined) await source.removeFile('data', indexed.packOf(data))
      const target = await sampleRepository()
      await expect(copy(source, target), lost).rejects.toMatchObject({ code: lost === 'blob' ? 'data.missing' : 'storage.not-found' })
      expect(await loadSnapshots(target)).toEqual([])
    }
  })

  it('is not led astray by an index that lies', async () => {
    const lies: ((blob: IndexedBlob) => IndexedBlob)[] = [
      (blob) => ({ ...blob, length: 2 ** 32 - 1 - blob.offset - 1 }),
      (blob) => ({ ...blob, length: 0 }),
      (blob) => ({ ...blob, length: blob.length - 1 }),
      (blob) => ({ ...blob, offset: 2 ** 31 }),
      (blob) => ({ ...blob, offset: blob.offset + 1 }),
      (blob) => ({ ...blob, uncompressed_length: 1 }),
      (blob) => ({ ...blob, id: '9'.repeat(64) as BlobId }),
    ]
    for (const lie of lies) {
      const source = await sampleRepository()
      await saveSample(source, FOLDER)
      const [id] = (await source.loadIndex()).indexIds
      const index = decodeIndexFile(await source.loadUnpacked('index', id ?? expect.fail()))
      const packs = index.packs.map((pack) => ({ ...pack, blobs: pack.blobs.map((blob) => (blob.type === 'data' ? lie(blob) : blob)) }))
      await source.removeFile('index', id ?? expect.fail())
      await source.saveUnpacked('index', encodeIndexFile({ packs }))
      const target = await sampleRepository()
      await expect(copy(source, target), `${lie}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(data\.(damaged|malformed|missing)|storage\.range)$/),
      })
      expect(await loadSnapshots(target)).toEqual([])
    }
  })

  it('takes an uncompressed length from the content, not from the index', async () => {
    const source = await sampleRepository()
    await saveSample(source, FOLDER)
    const [id] = (await source.loadIndex()).indexIds
    const index = decodeIndexFile(await source.loadUnpacked('index', id ?? expect.fail()))
    const claim = (blob: IndexedBlob): IndexedBlob =>
      blob.uncompressed_length === undefined ? blob : { ...blob, uncompressed_length: 2 ** 25 }
    await source.removeFile('index', id ?? expect.fail())
    await source.saveUnpacked('index', encodeIndexFile({ packs: index.packs.map((pack) => ({ ...pack, blobs: pack.blobs.map(claim) })) }))
    const target = await sampleRepository()
    await copy(source, target)
    for (const { uncompressedLength } of (await target.loadIndex()).index) expect(uncompressedLength).toBeLessThan(20_000)
  })

  it('survives a failure of the target at every call, and then reuses what was stored', async () => {
    const source = await sampleRepository()
    await saveSample(source, FOLDER)
    const calls = await callsOfCopy(source)
    expect(calls).toBeGreaterThan(3)
    for (const fault of ['fail', 'lose-answer'] as const) {
      for (let number = 1; number <= calls; number++) {
        const inner = new MemoryStorage()
        const target = await sampleRepository({ storage: inner })
        const faulty = new OpenRepository({ ...target, storage: new FaultyStorage(inner, { fault: atCall(number, fault) }) })
        await copy(source, faulty).catch((error: unknown) => expect(error).toBeInstanceOf(EngineError))
        for (const snapshot of await loadSnapshots(target)) await expectWhole(await target.loadIndex(), snapshot)
        const stored = new Set([...(await target.loadIndex()).index].map(({ id }) => id))
        const again = await copy(source, target)
        const [snapshot] = await loadSnapshots(target)
        const indexed = await target.loadIndex()
        await expectWhole(indexed, snapshot)
        expect(indexed.index.size, `${fault} ${number}`).toBe(stored.size + again.blobs)
      }
    }
  })

  it('ends when it is cancelled and names in the index what it stored', async () => {
    const [source, target] = [await sampleRepository(), await sampleRepository()]
    await saveSample(source, Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, `${index}`.repeat(2000)])))
    const controller = new AbortController()
    let advanced = 0
    const observer = {
      advanced: () => {
        if (++advanced === 20) controller.abort(new EngineError('operation.cancelled', 'Cannot go on: cancelled'))
      },
    }
    await expect(copy(source, target, { packSizeBytes: 1, signal: controller.signal, observer })).rejects.toMatchObject({
      code: 'operation.cancelled',
    })
    expect((await target.loadIndex()).index.size).toBeGreaterThan(0)
    expect((await copy(source, target)).blobs).toBeLessThan(51)
  })
})

async function copy(source: OpenRepository, target: OpenRepository, options: Partial<CopyOptions> = {}): Promise<CopyResult> {
  const [snapshots, targetSnapshots] = [await loadSnapshots(source), await loadSnapshots(target)]
  return copySnapshots(await source.loadIndex(), await target.loadIndex(), { ...options, snapshots, targetSnapshots })
}

async function callsOfCopy(source: OpenRepository): Promise<number> {
  const storage = new FaultyStorage(new MemoryStorage(), { fault: () => undefined })
  const target = await sampleRepository({ storage })
  const before = storage.calls.length
  await copy(source, target)
  return storage.calls.length - before
}

async function expectWhole(indexed: IndexedRepository, snapshot: StoredSnapshot | undefined): Promise<void> {
  if (snapshot === undefined) return expect.fail('no snapshot was copied')
  const files = new BlobSet(indexed.index)
  for await (const { tree } of streamTrees(indexed, [snapshot.tree], { wants: firstVisits() })) {
    for (const node of tree.nodes) for (const id of node.content ?? []) files.add('data', id)
  }
  expect(files.unknown.data).toEqual(new Set())
  for (const { type, id } of indexed.index) await indexed.readBlob(type, id)
}
