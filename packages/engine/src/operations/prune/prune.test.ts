import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PackId, SnapshotId } from '../../format/ids.ts'
import { systemClock } from '../../host/clock.ts'
import { OpenRepository } from '../../repository/open-repository.ts'
import { loadSnapshots } from '../../snapshots/load-snapshots.ts'
import { removeSnapshot } from '../../snapshots/save-snapshot.ts'
import { walkTree } from '../../snapshots/tree-walker.ts'
import type { FileRef } from '../../storage/storage.ts'
import { FaultyStorage } from '../../testing/faulty-storage.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import { type FolderSpec, sampleRepository, saveSample } from '../../testing/sample-snapshots.ts'
import { checkRepository } from '../check/check.ts'
import { executePrune } from './execute-prune.ts'
import { type PruneOptions, planPrune } from './plan-prune.ts'

/** What happens to a repository between two prunes. */
type Step =
  | { readonly kind: 'save'; readonly files: readonly number[] }
  | { readonly kind: 'forget'; readonly which: number }
  | { readonly kind: 'copy'; readonly which: number }
  | { readonly kind: 'orphan'; readonly content: number }
  | { readonly kind: 'prune'; readonly options: PruneOptions; readonly diesAt: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('save' as const), files: fc.uniqueArray(fc.nat(30), { maxLength: 8 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('forget' as const), which: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), which: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('orphan' as const), content: fc.nat() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('prune' as const),
        options: pruneOptions(),
        diesAt: fc.oneof(fc.constant(Infinity), fc.nat(60)),
      }),
    },
  ),
  { minLength: 2, maxLength: 25 },
)

describe('prune', { timeout: 120_000 }, () => {
  it.each([1, 2] as const)('keeps every snapshot whole through random histories of version %i, with deaths in between', async (version) => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const storage = new MemoryStorage()
        const repository = await sampleRepository({ version, storage })
        for (const step of history) await take(repository, storage, step)
        const before = await contentsOf(repository)
        await prune(repository, { maxUnused: { bytes: 0 } })
        expect(await contentsOf(repository)).toEqual(before)
        expect(await checkRepository(repository, { readData: 'all', unused: true })).toMatchObject({ errorCount: 0, hintCount: 0 })
        const again = await planPrune(await repository.loadIndex(), { maxUnused: { bytes: 0 } })
        expect([...again.repackPacks, ...again.unusedPacks, ...again.unindexedPacks, ...again.vanishedPacks]).toEqual([])
        expect(again.statistics.bytes.remainingUnused).toBe(0)
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })

  it('counts the same before as is there after', async () => {
    await fc.assert(
      fc.asyncProperty(steps, pruneOptions(), async (history, options) => {
        const storage = new MemoryStorage()
        const repository = await sampleRepository({ storage })
        for (const step of history) await take(repository, storage, step)
        const { statistics } = await prune(repository, options)
        const { statistics: after } = await planPrune(await repository.loadIndex(), { ...options, maxUnused: 'unlimited' })
        expect(after.blobs.total).toBe(statistics.blobs.remaining)
        expect(after.blobs.used).toBe(statistics.blobs.used)
        expect(after.bytes.unused + after.bytes.duplicate).toBe(statistics.bytes.remainingUnused)
        expect(after.packs.unreferenced).toBe(0)
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })

  it('loses no blob of which one of two copies is sound, whichever it is', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ storage })
    await saveSample(repository, { a: 'first', b: { c: 'second' } })
    const { id } = await saveSample(repository, { d: 'goes' })
    const { size } = (await repository.loadIndex()).index
    for (let entry = 0; entry < size; entry++) await storeAgain(repository, entry)
    await removeSnapshot(repository, id)
    const before = await contentsOf(repository)
    for (const { file, content } of [...storage.files.values()].filter((each) => each.file.kind === 'data')) {
      const damaged = new MemoryStorage()
      for (const each of storage.files.values()) damaged.replaceFile(each.file, each.content)
      const changed = Uint8Array.from(content)
      changed[20] = (changed[20] ?? 0) ^ 1
      damaged.replaceFile(file, changed)
      const survivor = new OpenRepository({ ...repository, storage: damaged })
      await prune(survivor, { maxUnused: { bytes: 0 } })
      expect(await contentsOf(survivor)).toEqual(before)
    }
  })

  it('removes nothing any more once it has been cancelled', async () => {
    let isLate = false
    class LateStorage extends MemoryStorage {
      override async remove(file: FileRef): Promise<void> {
        if (isLate) await systemClock.sleep(50)
        isLate = true
        await super.remove(file)
      }
    }
    const storage = new LateStorage()
    const repository = await sampleRepository({ storage })
    for (let number = 0; number < 8; number++) await repository.storeFile({ kind: 'data', name: `${number}`.repeat(64) }, Buffer.alloc(9))
    const plan = await planPrune(await repository.loadIndex(), { maxUnused: 'unlimited' })
    expect(plan.unindexedPacks).toHaveLength(8)
    const stopping = new AbortController()
    const onProgress = (): void => stopping.abort(new Error('enough'))
    await expect(executePrune(plan, { signal: stopping.signal, onProgress })).rejects.toThrow('enough')
    const left = await packsOf(repository)
    await systemClock.sleep(100)
    expect([left.length > 0, await packsOf(repository)]).toEqual([true, left])
  })

  it('stores a blob again whose other copy is gone since the plan was made', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ storage })
    await saveSample(repository, { a: 'first' })
    for (let entry = 0; entry < 2; entry++) await storeAgain(repository, entry)
    const before = await contentsOf(repository)
    const plan = await planPrune(await repository.loadIndex(), { maxUnused: { bytes: 0 } })
    expect(plan.copiedBlobs.size).toBe(2)
    for (const pack of await packsOf(repository)) if (!plan.goingPacks.has(pack)) await repository.removeFile('data', pack)
    await executePrune(plan)
    expect(await contentsOf(repository)).toEqual(before)
  })

  it('forgets packs that vanished when nobody needs them', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ storage })
    await saveSample(repository, { a: 'stays' })
    const packs = await packsOf(repository)
    const { id } = await saveSample(repository, { b: 'goes' })
    await removeSnapshot(repository, id)
    for (const pack of (await packsOf(repository)).filter((name) => !packs.includes(name))) await repository.removeFile('data', pack)
    const plan = await planPrune(await repository.loadIndex())
    expect(plan.vanishedPacks.length).toBeGreaterThan(0)
    await executePrune(plan)
    expect(await checkRepository(repository, { readData: 'all', unused: true })).toMatchObject({ errorCount: 0, hintCount: 0 })
  })

  it('ignores snapshots that are as good as removed', async () => {
    const repository = await sampleRepository()
    await saveSample(repository, { a: 'stays' })
    const { id } = await saveSample(repository, { b: 'goes' })
    const plain = await planPrune(await repository.loadIndex())
    const { statistics } = await planPrune(await repository.loadIndex(), { ignoredSnapshots: new Set([id]) })
    expect(plain.statistics.blobs.unused).toBe(0)
    expect(statistics.blobs.unused).toBe(2)
    await removeSnapshot(repository, id)
    expect((await planPrune(await repository.loadIndex())).statistics).toEqual(statistics)
  })

  it('refuses options that make no sense', async () => {
    const repository = await sampleRepository({ version: 1 })
    const indexed = await repository.loadIndex()
    await expect(planPrune(indexed, { repackUncompressed: true })).rejects.toMatchObject({ code: 'input.invalid' })
    await expect(planPrune(indexed, { smallPackBytes: 17 * 1024 * 1024 })).rejects.toMatchObject({ code: 'input.invalid' })
  })
})

function pruneOptions(): fc.Arbitrary<PruneOptions> {
  const maxUnused = fc.constantFrom<NonNullable<PruneOptions['maxUnused']>>({ bytes: 0 }, { percent: 5 }, { percent: 50 }, 'unlimited')
  return fc.record({
    maxUnused,
    repackCacheableOnly: fc.boolean(),
    repackSmall: fc.boolean(),
    maxRepackBytes: fc.constantFrom(0, 500, 1e9),
  })
}

async function take(repository: OpenRepository, storage: MemoryStorage, step: Step): Promise<void> {
  const snapshots = await loadSnapshots(repository)
  switch (step.kind) {
    case 'save':
      await saveSample(repository, folderOf(step.files))
      return
    case 'forget':
      if (snapshots.length > 0) await removeSnapshot(repository, snapshots[step.which % snapshots.length]?.id as SnapshotId)
      return
    case 'copy':
      return storeAgain(repository, step.which)
    case 'orphan': {
      const content = Buffer.from(`orphan ${step.content}`)
      return storage.write({ kind: 'data', name: hash('sha256', content, 'hex') }, content)
    }
    case 'prune': {
      const dying = new FaultyStorage(storage, { fault: ({ number }) => (number >= step.diesAt ? 'fail' : undefined) })
      const before = await contentsOf(repository)
      await prune(new OpenRepository({ ...repository, storage: dying }), step.options).catch(() => undefined)
      expect(await contentsOf(repository)).toEqual(before)
    }
  }
}

/** Stores a blob that is there already, as two backups at the same time do. */
async function storeAgain(repository: OpenRepository, which: number): Promise<void> {
  const indexed = await repository.loadIndex()
  if (indexed.index.size === 0) return
  const { type, id } = indexed.index.entryAt(which % indexed.index.size)
  const plaintext = await indexed.readBlob(type, id)
  await indexed.write((writer) => writer.saveBlobAgain(type, plaintext, { compress: false }))
}

async function prune(repository: OpenRepository, options: PruneOptions): ReturnType<typeof planPrune> {
  const plan = await planPrune(await repository.loadIndex(), options)
  await executePrune(plan)
  return plan
}

function folderOf(files: readonly number[]): FolderSpec {
  const folder: Record<string, string | FolderSpec> = {}
  for (const file of files) folder[`f${file}`] = file % 3 === 0 ? { [`g${file}`]: `text ${file} `.repeat(file) } : `text ${file}`
  return folder
}

async function contentsOf(repository: OpenRepository): Promise<Map<string, string>> {
  const indexed = await repository.loadIndex()
  const contents = new Map<string, string>()
  for (const { id, tree } of await loadSnapshots(repository)) {
    for await (const { path, node } of walkTree(indexed, tree)) {
      const parts = await Promise.all((node.content ?? []).map((blob) => indexed.readBlob('data', blob)))
      contents.set(`${id}${path}`, Buffer.concat(parts).toString())
    }
  }
  return contents
}

async function packsOf(repository: OpenRepository): Promise<PackId[]> {
  return (await Array.fromAsync(repository.list('data'))).map(({ name }) => name as PackId)
}
