import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PackId, SnapshotId } from '../src/format/ids.ts'
import { checkRepository } from '../src/operations/check/check.ts'
import { executeRecover, planRecover } from '../src/operations/repair/recover.ts'
import { executeIndexRepair, planIndexRepair } from '../src/operations/repair/repair-index.ts'
import { executePackRepair, planPackRepair } from '../src/operations/repair/repair-packs.ts'
import { executeSnapshotRepair, planSnapshotRepair } from '../src/operations/repair/repair-snapshots.ts'
import type { OpenRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import type { FileRef } from '../src/storage/storage.ts'
import { FaultyStorage } from '../src/testing/faulty-storage.ts'
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

type Contents = ReadonlyMap<string, string | undefined>

const lab = new RepositoryLab()
const current = resticBinaries().find(({ name }) => name === 'current') as ResticBinary
const repositories = new Map<string, { sound: MemoryStorage; repository: OpenRepository; contents: ReadonlyMap<SnapshotId, Contents> }>()

beforeAll(async () => {
  for (const version of ['1', '2']) {
    const name = `v${version}`
    lab.restic(current, name, ['init', '--repository-version', version])
    for (const round of [1, 2, 3]) {
      for (const file of ['a', 'b/c', 'b/d/e', 'f/g'])
        lab.write(`round-${round}/${file}-${round}`, randomBytes(round * 3000).toString('hex'))
      lab.write(`round-${round}/empty`, '')
      lab.restic(current, name, ['backup', lab.source, '--host', 'lab'])
    }
    const sound = loadIntoMemory(lab.path(name))
    const repository = await openLab(sound)
    repositories.set(name, { sound, repository, contents: await allContents(repository) })
  }
})

afterAll(() => lab.dispose())

/** Ways to spoil a file, by name; undefined removes it. */
const DAMAGES: Readonly<Record<string, (content: Buffer) => Buffer | undefined>> = {
  'a bit flipped in the first blob': (content) => flipped(content, 40),
  'a bit flipped in the middle': (content) => flipped(content, content.length >> 1),
  'a bit flipped in the header': (content) => flipped(content, content.length - 40),
  'a bit flipped in the length': (content) => flipped(content, content.length - 4),
  'the length of the header made huge': (content) => Buffer.concat([content.subarray(0, -4), Buffer.from('ffffff7f', 'hex')]),
  'cut by one byte': (content) => content.subarray(0, -1),
  'cut in half': (content) => content.subarray(0, content.length >> 1),
  'cut to nothing': (content) => content.subarray(0, 0),
  'bytes appended': (content) => Buffer.concat([content, randomBytes(50)]),
  'bytes put before': (content) => Buffer.concat([randomBytes(50), content]),
  'replaced by zeros': (content) => Buffer.alloc(content.length),
  'replaced by noise': (content) => randomBytes(content.length),
  removed: () => undefined,
}

describe.each(['v1', 'v2'])('repair of %s', (name) => {
  it.each(Object.keys(DAMAGES))('loses nothing when an index file is %s', async (damage) => {
    for (const file of filesOf(soundOf(name), 'index')) {
      const storage = spoilt(name, file, damage)
      const repository = reopen(repositoryOf(name), storage)
      await repairIndex(repository)
      expect(await checkRepository(repository, { readData: 'all', unused: true }), file.name).toMatchObject({ errorCount: 0, hintCount: 0 })
      expect(await allContents(repository)).toEqual(contentsBefore(name))
    }
    await expectResticIsContent(spoilt(name, filesOf(soundOf(name), 'index')[0] ?? fail(), damage), name, repairIndex)
  })

  it.each(Object.keys(DAMAGES))('keeps all that is not hit when a pack is %s', async (damage) => {
    for (const file of filesOf(soundOf(name), 'data')) {
      const storage = spoilt(name, file, damage)
      const repository = reopen(repositoryOf(name), storage)
      const readable = await allContents(repository)
      await repairEverything(repository)
      expect(await checkRepository(repository, { readData: 'all' }), file.name).toMatchObject({ errorCount: 0 })
      await expectKept(repository, readable)
    }
    await expectResticIsContent(spoilt(name, filesOf(soundOf(name), 'data')[0] ?? fail(), damage), name, repairEverything)
  })

  it.each(Object.keys(DAMAGES))('keeps the other snapshots, and recovers the data, when a snapshot is %s', async (damage) => {
    const [file] = filesOf(soundOf(name), 'snapshots')
    if (file === undefined) return fail()
    const storage = spoilt(name, file, damage)
    const repository = reopen(repositoryOf(name), storage)
    await repairEverything(repository)
    expect(await checkRepository(repository, { readData: 'all' })).toMatchObject({ errorCount: 0, snapshotCount: 2 })
    const expected = new Map([...contentsBefore(name)].filter(([id]) => id !== file.name))
    expect(await allContents(repository)).toEqual(expected)
    const plan = await planRecover(await repository.loadIndex())
    expect(plan.roots.length).toBe(1)
    const id = await executeRecover(plan)
    const recovered = (await allContents(repository)).get(id as SnapshotId) ?? fail()
    expect([...recovered.values()].sort()).toEqual([...(contentsBefore(name).get(file.name as SnapshotId) ?? fail()).values()].sort())
    saveToFolder(storage, lab.path('recovered'))
    lab.restic(current, 'recovered', ['check', '--read-data'])
    lab.restic(current, 'recovered', ['ls', id ?? fail()])
  })

  it('puts packs right that have each other as names', async () => {
    const [one, other] = filesOf(soundOf(name), 'data')
    if (one === undefined || other === undefined) return fail()
    const storage = cloneStorage(soundOf(name))
    storage.replaceFile(one, contentOf(soundOf(name), other))
    storage.replaceFile(other, contentOf(soundOf(name), one))
    const repository = reopen(repositoryOf(name), storage)
    await repairEverything(repository)
    expect(await allContents(repository)).toEqual(contentsBefore(name))
    await expectResticIsContent(storage, name, async () => undefined)
  })

  it('rescues the blobs that the index knows, or the header of the pack, when the other is lost', async () => {
    for (const file of filesOf(soundOf(name), 'data')) {
      for (const withoutIndex of [false, true]) {
        const storage = withoutIndex ? cloneStorage(soundOf(name)) : spoilt(name, file, 'a bit flipped in the length')
        const repository = reopen(repositoryOf(name), storage)
        if (withoutIndex) for (const index of filesOf(storage, 'index')) storage.replaceFile(index, undefined)
        const indexed = await repository.loadIndex()
        const plan = await planPackRepair(indexed, [file.name as PackId])
        expect(plan.packs[0]?.lost, file.name).toEqual([])
        await executePackRepair(plan)
        if (withoutIndex) await repairIndex(repository)
        expect(filesOf(storage, 'data').map((pack) => pack.name)).not.toContain(file.name)
        expect(await allContents(repository)).toEqual(contentsBefore(name))
      }
    }
  })

  it('reads all packs when it is to trust no index file, and keeps what it knows of those that cannot be read', async () => {
    const file = filesOf(soundOf(name), 'data')[0] ?? fail()
    const storage = spoilt(name, file, 'a bit flipped in the length')
    const repository = reopen(repositoryOf(name), storage)
    const plan = await planIndexRepair(repository, { readAllPacks: true })
    expect(plan.packsToRead.size).toBe(filesOf(soundOf(name), 'data').length)
    const result = await executeIndexRepair(plan)
    expect(result.unreadablePacks).toEqual([file.name])
    expect(await allContents(repository)).toEqual(contentsBefore(name))
    expect((await checkRepository(repository)).errorCount).toBe(0)
  })

  it('does nothing to a sound repository', async () => {
    const storage = cloneStorage(soundOf(name))
    const repository = reopen(repositoryOf(name), storage)
    const files = [...storage.files.keys()]
    expect((await planIndexRepair(repository)).isNeeded).toBe(false)
    await repairEverything(repository)
    expect((await planRecover(await repository.loadIndex())).roots).toEqual([])
    expect([...storage.files.keys()]).toEqual(files)
  })

  it('keeps copies of damaged packs if asked to, and ends with nothing removed when that fails', async () => {
    const file = filesOf(soundOf(name), 'data')[0] ?? fail()
    const storage = spoilt(name, file, 'a bit flipped in the middle')
    const repository = reopen(repositoryOf(name), storage)
    const plan = async (): ReturnType<typeof planPackRepair> => planPackRepair(await repository.loadIndex(), [file.name as PackId])
    const refusing = executePackRepair(await plan(), { keepCopy: () => Promise.reject(new Error('no room')) })
    await expect(refusing).rejects.toThrow('no room')
    expect(storage.files.has(`data/${file.name.slice(0, 2)}/${file.name}`)).toBe(true)
    const kept: Uint8Array[] = []
    await executePackRepair(await plan(), { keepCopy: async (_, content) => void kept.push(Uint8Array.from(content)) })
    expect(
      kept.map((content) =>
        Buffer.from(content).equals(flipped(contentOf(soundOf(name), file), contentOf(soundOf(name), file).length >> 1)),
      ),
    ).toEqual([true])
  })

  it('keeps damaged snapshots beside repaired ones unless it is to forget them', async () => {
    const pack = await packOfOneFile(name)
    const storage = spoilt(name, pack, 'removed')
    const repository = reopen(repositoryOf(name), storage)
    await repairIndex(repository)
    const plan = await planSnapshotRepair(await repository.loadIndex())
    const { repaired, removed } = await executeSnapshotRepair(plan)
    expect(removed).toEqual([])
    expect(repaired.length).toBe(plan.damaged.length)
    const snapshots = await loadSnapshots(repository)
    for (const { from, to } of repaired) {
      expect(snapshots.find(({ id }) => id === to)).toMatchObject({ original: from, tags: ['repaired'], hostname: 'lab' })
      expect(snapshots.some(({ id }) => id === from)).toBe(true)
    }
  })

  it('is harmless wherever it ends', async () => {
    const pack = await packOfOneFile(name)
    for (const damage of ['a bit flipped in the middle', 'a bit flipped in the length', 'cut in half']) {
      const damaged = spoilt(name, pack, damage)
      damaged.replaceFile(filesOf(damaged, 'index')[0] ?? fail(), randomBytes(100))
      const readable = await readableAfterIndexRepair(name, damaged)
      const watched = new FaultyStorage(cloneStorage(damaged), { fault: () => undefined })
      await repairEverything(reopen(repositoryOf(name), watched))
      for (const { number, operation } of watched.calls) {
        if (operation !== 'write' && operation !== 'remove') continue
        const storage = cloneStorage(damaged)
        const dying = new FaultyStorage(storage, { fault: (call) => (call.number >= number ? 'fail' : undefined) })
        await repairEverything(reopen(repositoryOf(name), dying)).catch(() => undefined)
        const survivor = reopen(repositoryOf(name), storage)
        await repairEverything(survivor)
        expect((await checkRepository(survivor, { readData: 'all' })).errorCount, `${damage}, call ${number}`).toBe(0)
        await expectKept(survivor, readable)
      }
    }
  })
})

async function repairIndex(repository: OpenRepository): Promise<void> {
  await executeIndexRepair(await planIndexRepair(repository))
}

/** What a check advises, in its order. */
async function repairEverything(repository: OpenRepository): Promise<void> {
  await repairIndex(repository)
  const { damagedPacks, remedies } = await checkRepository(repository, { readData: 'all' })
  if (damagedPacks.length > 0) await executePackRepair(await planPackRepair(await repository.loadIndex(), damagedPacks))
  if (damagedPacks.length === 0 && !remedies.includes('repair-snapshots')) return
  const plan = await planSnapshotRepair(await repository.loadIndex())
  await executeSnapshotRepair(plan, { forget: true, removeUnreadable: [...plan.unreadable.keys()] })
}

/** Every file that could be read before is there with the same content, in the snapshot or in the one that took its place. */
async function expectKept(repository: OpenRepository, readable: ReadonlyMap<SnapshotId, Contents>): Promise<void> {
  const after = await allContents(repository)
  const snapshots = await loadSnapshots(repository)
  for (const [id, files] of readable) {
    const successor = snapshots.find((snapshot) => snapshot.id === id || snapshot.original === id)
    const kept = successor === undefined ? new Map<string, string>() : (after.get(successor.id) ?? fail())
    for (const [path, content] of files) if (content !== undefined) expect(kept.get(path), path).toBe(content)
    for (const [path, content] of kept) expect(content, path).toBeDefined()
  }
}

async function expectResticIsContent(
  storage: MemoryStorage,
  name: string,
  repair: (repository: OpenRepository) => Promise<void>,
): Promise<void> {
  await repair(reopen(repositoryOf(name), storage))
  saveToFolder(storage, lab.path('repaired'))
  lab.restic(current, 'repaired', ['check', '--read-data'])
}

async function readableAfterIndexRepair(name: string, damaged: MemoryStorage): Promise<ReadonlyMap<SnapshotId, Contents>> {
  const repository = reopen(repositoryOf(name), cloneStorage(damaged))
  await repairIndex(repository)
  return allContents(repository)
}

/** A pack of data, so that its damage costs files and no folders. */
async function packOfOneFile(name: string): Promise<FileRef> {
  const indexed = await repositoryOf(name).loadIndex()
  const [blob] = [...indexed.index].filter(({ type }) => type === 'data')
  return { kind: 'data', name: indexed.packOf(blob ?? fail()) }
}

async function allContents(repository: OpenRepository): Promise<Map<SnapshotId, Contents>> {
  const indexed = await repository.loadIndex({ onBroken: () => undefined })
  const contents = new Map<SnapshotId, Contents>()
  for (const snapshot of await loadSnapshots(repository, { onBroken: () => undefined }))
    contents.set(snapshot.id, await contentsOf(indexed, snapshot))
  return contents
}

function spoilt(name: string, file: FileRef, damage: string): MemoryStorage {
  const storage = cloneStorage(soundOf(name))
  storage.replaceFile(file, DAMAGES[damage]?.(contentOf(storage, file)))
  return storage
}

function soundOf(name: string): MemoryStorage {
  return (repositories.get(name) ?? fail()).sound
}

function repositoryOf(name: string): OpenRepository {
  return (repositories.get(name) ?? fail()).repository
}

function contentsBefore(name: string): ReadonlyMap<SnapshotId, Contents> {
  return (repositories.get(name) ?? fail()).contents
}

function flipped(content: Buffer, at: number): Buffer {
  const changed = Buffer.from(content)
  changed[at] = (changed[at] ?? 0) ^ 0x10
  return changed
}

function fail(): never {
  throw new Error('the repository is not as the test needs it')
}
