import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkRepository } from '../src/operations/check/check.ts'
import { executePrune } from '../src/operations/prune/execute-prune.ts'
import { type PruneOptions, type PrunePlan, planPrune } from '../src/operations/prune/plan-prune.ts'
import type { OpenRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { LocalStorage } from '../src/storage/local/local-storage.ts'
import { atCall, type Fault, FaultyStorage } from '../src/testing/faulty-storage.ts'
import type { MemoryStorage } from '../src/testing/memory-storage.ts'
import { type ResticBinary, resticBinaries } from '../src/testing/restic.ts'
import {
  cloneStorage,
  contentOf,
  contentsOf,
  filesOf,
  loadIntoMemory,
  openLab,
  RepositoryLab,
  reopen,
  saveToFolder,
} from './repository-lab.ts'

const lab = new RepositoryLab()
const binaries = resticBinaries()
const current = binaries.find(({ name }) => name === 'current') as ResticBinary

/** Repositories with snapshots that come and went: packs that are used, unused and partly used, some blobs in several packs. */
beforeAll(() => {
  for (const binary of binaries) {
    for (const version of ['1', '2']) makeHistory(binary, `${binary.name}-v${version}`, version)
  }
})

afterAll(() => lab.dispose())

const NAMES = ['installed-v1', 'installed-v2', 'current-v1', 'current-v2']
const LIMITS: Readonly<Record<string, PruneOptions & { readonly flags: readonly string[] }>> = {
  'the usual limit': { flags: [] },
  'nothing unused': { maxUnused: { bytes: 0 }, flags: ['--max-unused', '0'] },
  'a fifth unused': { maxUnused: { percent: 20 }, flags: ['--max-unused', '20%'] },
  'anything unused': { maxUnused: 'unlimited', flags: ['--max-unused', 'unlimited'] },
  'a limit on what is written': {
    maxUnused: { bytes: 0 },
    maxRepackBytes: 60_000,
    flags: ['--max-unused', '0', '--max-repack-size', '60000'],
  },
  'packs of trees alone': { maxUnused: { bytes: 0 }, repackCacheableOnly: true, flags: ['--max-unused', '0', '--repack-cacheable-only'] },
}

describe.each(NAMES)('prune of %s', (name) => {
  it.each(Object.keys(LIMITS))('counts as restic does, with %s', async (limit) => {
    const { flags, ...options } = LIMITS[limit] ?? { flags: [] }
    const repository = await openFolder(lab.path(name))
    const plan = await planPrune(await repository.loadIndex(), options)
    const output = lab.restic(current, name, ['prune', '--dry-run', '-vv', ...flags])
    expect(summaryOf(plan)).toEqual(summaryIn(output))
  })

  it('leaves a repository in which restic finds nothing wrong and nothing to remove', async () => {
    const folder = lab.copy(name, 'pruned')
    const before = await contentsOfAll(await openFolder(folder))
    const repository = await openFolder(folder)
    const plan = await planPrune(await repository.loadIndex(), { maxUnused: { bytes: 0 } })
    expect(plan.repackPacks.length).toBeGreaterThan(0)
    expect(plan.unusedPacks.length).toBeGreaterThan(0)
    await executePrune(plan)
    for (const binary of binaries) {
      lab.restic(binary, 'pruned', ['check', '--read-data'])
      const output = lab.restic(binary, 'pruned', ['prune', '--dry-run', '--max-unused', '0', '-vv'])
      expect(output).toMatch(/to repack: +0 blobs/)
      expect(output).toMatch(/to delete: +0 blobs/)
      expect(output).toMatch(/unused: +0 blobs/)
    }
    expect(await contentsOfAll(await openFolder(folder))).toEqual(before)
    expect(await checkRepository(await openFolder(folder), { readData: 'all', unused: true })).toMatchObject({
      errorCount: 0,
      hintCount: 0,
    })
    const again = await planPrune(await (await openFolder(folder)).loadIndex(), { maxUnused: { bytes: 0 } })
    expect([...again.repackPacks, ...again.unusedPacks, ...again.unindexedPacks, ...again.vanishedPacks]).toEqual([])
  })

  it('is harmless wherever it ends', async () => {
    const sound = loadIntoMemory(lab.path(name))
    const repository = await openLab(sound)
    const before = await contentsOfAll(repository)
    const calls = await prunedCalls(repository, cloneStorage(sound))
    for (const fault of ['fail', 'lose-answer'] satisfies Fault[]) {
      for (const { number, operation } of calls) {
        if (operation !== 'write' && operation !== 'remove') continue
        const storage = cloneStorage(sound)
        // From this call on nothing works any more, as after the death of the process.
        const dying = new FaultyStorage(storage, {
          fault: (call) => (call.number === number ? fault : call.number > number ? 'fail' : undefined),
        })
        const where = `${fault} at call ${number}`
        await prune(reopen(repository, dying)).catch(() => undefined)
        const survivor = reopen(repository, storage)
        const report = await checkRepository(survivor, { readData: 'all' })
        expect(report.errorCount, where).toBe(0)
        expect(await contentsOfAll(survivor), where).toEqual(before)
        await prune(survivor)
        expect(await checkRepository(survivor, { readData: 'all', unused: true }), where).toMatchObject({ errorCount: 0, hintCount: 0 })
        expect(await contentsOfAll(survivor), where).toEqual(before)
      }
    }
  })

  it('goes on after a file that cannot be removed, and stops at everything else that fails once', async () => {
    const sound = loadIntoMemory(lab.path(name))
    const repository = await openLab(sound)
    const before = await contentsOfAll(repository)
    for (const { number } of await prunedCalls(repository, cloneStorage(sound))) {
      const storage = cloneStorage(sound)
      await prune(reopen(repository, new FaultyStorage(storage, { fault: atCall(number, 'fail') }))).catch(() => undefined)
      expect((await checkRepository(reopen(repository, storage))).errorCount, `call ${number}`).toBe(0)
      expect(await contentsOfAll(reopen(repository, storage)), `call ${number}`).toEqual(before)
    }
  })

  it('is clean for restic after a crash in the middle', async () => {
    const sound = loadIntoMemory(lab.path(name))
    const repository = await openLab(sound)
    const writes = (await prunedCalls(repository, cloneStorage(sound))).filter(
      ({ operation }) => operation === 'write' || operation === 'remove',
    )
    for (const { number } of writes.filter((_, position) => position % Math.ceil(writes.length / 4) === 1)) {
      const storage = cloneStorage(sound)
      const dying = new FaultyStorage(storage, { fault: (call) => (call.number >= number ? 'fail' : undefined) })
      await prune(reopen(repository, dying)).catch(() => undefined)
      saveToFolder(storage, lab.path('crashed'))
      lab.restic(current, 'crashed', ['check', '--read-data'])
    }
  })

  it('removes nothing when something that is used is missing or cannot be read', async () => {
    const sound = loadIntoMemory(lab.path(name))
    const repository = await openLab(sound)
    const needed = await neededPacks(repository)
    const spoilt: (readonly [string, (storage: MemoryStorage) => void])[] = [
      ['a snapshot', (storage) => storage.replaceFile(filesOf(storage, 'snapshots')[0] ?? fail(), Buffer.alloc(100))],
      ['an index file', (storage) => storage.replaceFile(filesOf(storage, 'index')[0] ?? fail(), Buffer.alloc(100))],
      ...needed.flatMap((name): (readonly [string, (storage: MemoryStorage) => void])[] => {
        const file = { kind: 'data', name } as const
        return [
          [`pack ${name}`, (storage) => storage.replaceFile(file, undefined)],
          [`end of ${name}`, (storage) => storage.replaceFile(file, contentOf(storage, file).subarray(0, -1))],
        ]
      }),
    ]
    for (const [what, spoil] of spoilt) {
      const storage = cloneStorage(sound)
      spoil(storage)
      const files = [...storage.files.keys()]
      await expect(prune(reopen(repository, storage)), what).rejects.toMatchObject({ code: expect.stringMatching(/^data\./) })
      expect([...storage.files.keys()], what).toEqual(files)
    }
  })
})

it('compresses what a repository had before it was migrated', async () => {
  lab.restic(current, 'migrating', ['init', '--repository-version', '1'])
  lab.restic(current, 'migrating', ['backup', lab.source])
  lab.restic(current, 'migrating', ['migrate', 'upgrade_repo_v2'])
  const repository = await openFolder(lab.path('migrating'))
  const plan = await planPrune(await repository.loadIndex(), { repackUncompressed: true })
  expect(summaryOf(plan)).toEqual(summaryIn(lab.restic(current, 'migrating', ['prune', '--dry-run', '-vv', '--repack-uncompressed'])))
  await executePrune(plan)
  lab.restic(current, 'migrating', ['check', '--read-data'])
  expect(lab.restic(current, 'migrating', ['prune', '--dry-run', '-vv', '--repack-uncompressed'])).toMatch(/to repack: +0 blobs/)
})

it('honours its signal', async () => {
  const storage = loadIntoMemory(lab.path('current-v2'))
  const repository = await openLab(storage)
  const before = await contentsOfAll(repository)
  const plan = await planPrune(await repository.loadIndex(), { maxUnused: { bytes: 0 } })
  const files = [...storage.files.keys()]
  const reason = new Error('enough')
  await expect(executePrune(plan, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect([...storage.files.keys()]).toEqual(files)
  await expect(planPrune(await repository.loadIndex(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(await contentsOfAll(repository)).toEqual(before)
})

/** Nine snapshots, of which every third stays. Which ones stay is fixed: of some choices no pack is partly used. */
function makeHistory(binary: ResticBinary, name: string, version: string): void {
  lab.restic(binary, name, ['init', '--repository-version', version])
  const rounds = 9
  const doomed: string[] = []
  for (let round = 0; round < rounds; round++) {
    for (let file = 0; file < 6; file++) {
      if (dice(`${round}/${file}`, 3) > 0 || round === 0)
        lab.write(`d${file % 3}/f${file}`, noise(`${version}/${round}/${file}`, 3000 + 2000 * file))
      if (dice(`remove ${round}/${file}`, 5) === 0) lab.remove(`d${file % 3}/f${(file + 1) % 6}`)
    }
    const output = lab.restic(binary, name, ['backup', lab.source, '--force'])
    const id = /^snapshot ([0-9a-f]+) saved$/m.exec(output)?.[1] ?? fail()
    if (round % 3 !== 1) doomed.push(id)
    // One index file for packs that will stay and packs that will go, as well as files of a single backup.
    if (round === rounds >> 1) lab.restic(binary, name, ['rebuild-index', '--read-all-packs'])
  }
  lab.restic(binary, name, ['forget', ...doomed])
  addCopies(name)
}

/** Stores an index-less pack, as a backup that died leaves. */
function addCopies(name: string): void {
  const storage = loadIntoMemory(lab.path(name))
  const orphan = createHash('sha256').update('orphan').digest('hex')
  storage.replaceFile({ kind: 'data', name: orphan }, Buffer.alloc(777))
  saveToFolder(storage, lab.path(name))
}

function noise(seed: string, length: number): string {
  let text = ''
  for (let block = 0; text.length < length; block++) text += createHash('sha256').update(`${seed}/${block}`).digest('base64')
  return text.slice(0, length)
}

function dice(seed: string, sides: number): number {
  return (createHash('sha256').update(seed).digest()[0] ?? 0) % sides
}

async function openFolder(folder: string): Promise<OpenRepository> {
  return openLab(await LocalStorage.open({ folder }))
}

async function prune(repository: OpenRepository): Promise<void> {
  await executePrune(await planPrune(await repository.loadIndex(), { maxUnused: { bytes: 0 } }))
}

async function prunedCalls(repository: OpenRepository, storage: MemoryStorage): Promise<FaultyStorage['calls']> {
  const watched = new FaultyStorage(storage, { fault: () => undefined })
  await prune(reopen(repository, watched))
  return watched.calls
}

async function contentsOfAll(repository: OpenRepository): Promise<Map<string, Map<string, string | undefined>>> {
  const indexed = await repository.loadIndex()
  const contents = new Map<string, Map<string, string | undefined>>()
  for (const snapshot of await loadSnapshots(repository)) {
    const files = await contentsOf(indexed, snapshot)
    for (const [path, content] of files) if (content === undefined) throw new Error(`${path} of ${snapshot.id} cannot be read`)
    contents.set(snapshot.id, files)
  }
  return contents
}

async function neededPacks(repository: OpenRepository): Promise<string[]> {
  const plan = await planPrune(await repository.loadIndex(), { maxUnused: 'unlimited' })
  const goes = new Set<string>([...plan.unusedPacks, ...plan.unindexedPacks])
  const listed = await Array.fromAsync(repository.list('data'))
  return listed.map(({ name }) => name).filter((name) => !goes.has(name))
}

/** The numbers of a plan that restic prints. */
function summaryOf({ statistics }: PrunePlan): Record<string, number> {
  const { blobs, packs } = statistics
  return {
    used: blobs.used,
    unused: blobs.unused,
    total: blobs.total,
    'to repack': blobs.repack,
    'this removes': blobs.repackRemove,
    'to delete': blobs.remove,
    'total prune': blobs.removeTotal,
    remaining: blobs.remaining,
    'totally used packs': packs.used,
    'partly used packs': packs.partlyUsed,
    'unused packs': packs.unused,
    'to keep': packs.keep,
    'to repack packs': packs.repack,
    'to delete packs': packs.remove,
    'to delete unreferenced packs': packs.unreferenced,
  }
}

function summaryIn(output: string): Record<string, number> {
  const summary: Record<string, number> = { 'to delete unreferenced packs': 0 }
  for (const [, what = '', count, unit] of output.matchAll(/^([a-z ]+): +(\d+)(?: (blobs|packs|unreferenced packs))?(?= |$)/gm)) {
    if (what === 'duplicates' || (unit === undefined && !what.endsWith(' packs'))) continue
    const isOfPacks = unit !== undefined && unit !== 'blobs' && what !== 'to keep'
    summary[isOfPacks ? `${what} ${unit}` : what] = Number(count)
  }
  return summary
}

function fail(): never {
  throw new Error('restic or the repository does not have what was asked for')
}
