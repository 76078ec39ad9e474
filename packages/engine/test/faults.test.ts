import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isEngineError } from '../src/errors.ts'
import { type Clock, systemClock } from '../src/host/clock.ts'
import { checkRepository } from '../src/operations/check/check.ts'
import { removeLocks } from '../src/repository/locks.ts'
import { initRepository, type OpenRepository, openRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import type { Storage } from '../src/storage/storage.ts'
import { withRetry } from '../src/storage/with-retry.ts'
import { type Fault, FaultyStorage, type StorageCall } from '../src/testing/faulty-storage.ts'
import { MemoryStorage } from '../src/testing/memory-storage.ts'
import { cloneStorage, contentsOf, openLab, PASSWORD, reopen } from './repository-lab.ts'
import { noise } from './restic-workbench.ts'
import { OPERATIONS, type Operation, runOperation } from './run-operation.ts'

const PACK_BYTES = 400_000
/** Pauses take no time here; what is to happen after minutes happens after some hundredths of a second. */
const HASTE = 1000
const FAULTS = ['fail', 'lose-answer', 'tear', 'stall'] as const satisfies readonly Fault[]
/** The faults after which a call is tried again. */
const REPEATABLE = ['fail', 'lose-answer', 'tear'] as const
/** What can be the last that is heard of a storage. */
const CUTS = ['fail', 'tear', 'stall'] as const
const folder = mkdtempSync(join(tmpdir(), 'holdfast-faults-'))

/** The repository before each operation, and the one that a copy is from. */
const start = new Map<Operation['operation'], MemoryStorage>()
let history = new MemoryStorage()
/** What each snapshot holds. */
const contents = new Map<string, Map<string, string | undefined>>()
/** What a snapshot of the folder holds now. */
let newest = new Map<string, string | undefined>()

beforeAll(async () => {
  history = await newRepository()
  const forgotten = [1, 2]
  for (let round = 0; round < 4; round++) {
    changeFolder(round)
    await operate(history, 'backup')
    if (round === 0) start.set('backup', cloneStorage(history))
  }
  const repository = await openLab(history)
  const snapshots = await loadSnapshots(repository)
  for (const snapshot of snapshots) contents.set(snapshot.id, await contentsOf(await repository.loadIndex(), snapshot))
  newest = contents.get(snapshots.at(-1)?.id ?? '') ?? new Map()
  start.set('forget', cloneStorage(history))
  start.set('prune', cloneStorage(history))
  for (const position of forgotten) {
    const id = snapshots[position]?.id
    if (id !== undefined) start.get('prune')?.replaceFile({ kind: 'snapshots', name: id }, undefined)
  }
  start.set('copy', await newRepository(repository))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(OPERATIONS)('%s', (operation) => {
  it.each(FAULTS)('is harmless when the storage does this at one call: %s', async (fault) => {
    for (const call of await callsThatSuffer(operation, fault)) {
      const where = `${fault} at ${describeCall(call)}`
      const storage = cloneStorage(start.get(operation) ?? history)
      // Calls that overlap come in another order each time.
      let hit: StorageCall | undefined
      const rule = (candidate: StorageCall): Fault | undefined => {
        if (candidate.number !== call.number) return undefined
        hit = candidate
        return fault
      }
      const ended = await operateFaulty(storage, { operation, where, fault: rule })
      // The lock may have been refreshed before.
      if (hit?.operation === 'write' && hit.kind !== 'locks') expect(ended, where).toBe('badly')
      if (hit !== undefined && isChange(hit)) await expectHarmless(operation, storage, where)
      else await expectSound(storage, { operation, where })
    }
  })

  it.each(CUTS)('is harmless when the storage is cut off after this: %s', async (fault) => {
    for (const call of (await callsThatSuffer(operation, fault)).filter(isChange)) {
      const where = `${fault} from ${describeCall(call)} on`
      const storage = cloneStorage(start.get(operation) ?? history)
      const rule = ({ number }: StorageCall): Fault | undefined =>
        number === call.number ? fault : number > call.number ? afterwards(fault) : undefined
      await operateFaulty(storage, { operation, where, fault: rule })
      if (fault === 'tear') await removeTorn(storage)
      await expectHarmless(operation, storage, where)
    }
  })

  it.each(REPEATABLE)('succeeds with one call that is repeated after this: %s', async (fault) => {
    for (const call of await callsThatSuffer(operation, fault)) {
      const where = `${fault} at ${describeCall(call)}, repeated`
      const storage = cloneStorage(start.get(operation) ?? history)
      const rule = ({ number }: StorageCall): Fault | undefined => (number === call.number ? fault : undefined)
      expect(await operateFaulty(storage, { operation, where, fault: rule, retry: true }), where).toBe('well')
      await expectDone(operation, storage, where)
    }
  })

  it.each(REPEATABLE)('succeeds where every other call is repeated after this: %s', async (fault) => {
    for (const remainder of [0, 1]) {
      const where = `${fault} at every other call, ${remainder}`
      const storage = cloneStorage(start.get(operation) ?? history)
      const rule = ({ number }: StorageCall): Fault | undefined => (number % 2 === remainder ? fault : undefined)
      expect(await operateFaulty(storage, { operation, where, fault: rule, retry: true }), where).toBe('well')
      await expectDone(operation, storage, where)
    }
  })
})

interface FaultyRun {
  readonly operation: Operation['operation']
  readonly where: string
  readonly fault: (call: StorageCall) => Fault | undefined
  readonly retry?: boolean
}

/** Runs an operation on a storage with faults; it must end well or with an engine's error. One that stalls is cancelled. */
async function operateFaulty(storage: MemoryStorage, run: FaultyRun): Promise<'well' | 'badly'> {
  const cancellation = new AbortController()
  const cancelled = new Error('cancelled')
  const faulty = new FaultyStorage(storage, {
    fault: (call) => {
      const fault = run.fault(call)
      if (fault === 'stall') setImmediate(() => cancellation.abort(cancelled))
      return fault
    },
  })
  const used = run.retry === true ? withRetry(faulty, { clock: hasty, maxElapsedMs: 3600_000 }) : faulty
  try {
    await operate(used, run.operation, cancellation.signal)
    return 'well'
  } catch (error) {
    if (error !== cancelled && !isEngineError(error)) throw new Error(`${run.where}: no engine's error`, { cause: error })
    return 'badly'
  }
}

async function operate(storage: Storage, operation: Operation['operation'], signal?: AbortSignal): Promise<void> {
  const options = { password: PASSWORD, clock: hasty, signal }
  const repository = await openRepository(storage, options)
  const openSource = (): Promise<OpenRepository> => openRepository(cloneStorage(history), options)
  await runOperation(repository, { operation, packSizeBytes: PACK_BYTES, readConcurrency: 1, folder, keepLast: 2, openSource, signal })
}

/** The calls of an operation that nothing disturbs. What only reads is torn, or has its answer lost, in no other way than by failing. */
async function callsThatSuffer(operation: Operation['operation'], fault: Fault): Promise<readonly StorageCall[]> {
  const watched = new FaultyStorage(cloneStorage(start.get(operation) ?? history), { fault: () => undefined })
  await operate(watched, operation)
  expect(watched.calls.length).toBeGreaterThan(10)
  if (fault === 'tear') return watched.calls.filter((call) => call.operation === 'write')
  return fault === 'lose-answer' ? watched.calls.filter(isChange) : watched.calls
}

function isChange(call: StorageCall): boolean {
  return call.operation === 'write' || call.operation === 'remove'
}

/** Whatever was done, all that was there can be read, and the operation can be repeated. */
async function expectHarmless(operation: Operation['operation'], storage: MemoryStorage, where: string): Promise<void> {
  await expectSound(storage, { operation, where })
  await operate(storage, operation)
  await expectDone(operation, storage, where)
}

/** The operation has done what it was to do. */
async function expectDone(operation: Operation['operation'], storage: MemoryStorage, where: string): Promise<void> {
  const found = await expectSound(storage, { operation, where })
  const count = { backup: expect.toBeOneOf([2, 3]), prune: 2, copy: 4, forget: 2 }[operation]
  expect(found, where).toEqual(count)
  if (operation !== 'prune') return
  const report = await checkRepository(await openLab(storage), { unused: true })
  expect([report.errorCount, report.hintCount], where).toEqual([0, 0])
}

/** Checks everything and reads every snapshot; returns how many there are. */
async function expectSound(
  storage: MemoryStorage,
  { operation, where }: { readonly operation: Operation['operation']; readonly where: string },
): Promise<number> {
  const repository = await openLab(storage)
  // The process that held them lives on here, so that they would never be stale.
  await removeLocks(repository, { all: true, clock: repository.clock, identity: repository.identity })
  const findings: string[] = []
  const report = await checkRepository(repository, { readData: 'all', onFinding: (finding) => findings.push(JSON.stringify(finding)) })
  expect(report.errorCount, `${where}: ${findings.join(', ')}`).toBe(0)
  const indexed = await repository.loadIndex()
  const snapshots = await loadSnapshots(repository)
  const known = new Set<string>()
  for (const snapshot of snapshots) {
    const id = snapshot.original ?? snapshot.id
    known.add(id)
    expect(await contentsOf(indexed, snapshot), where).toEqual(contents.get(id) ?? newest)
  }
  const had = await loadSnapshots(reopen(repository, start.get(operation) ?? history))
  const kept = operation === 'forget' ? had.slice(-2) : had
  for (const { id } of kept) if (!known.has(id)) throw new Error(`${where}: snapshot ${id} is gone`)
  return snapshots.length
}

/**
 * What a storage that breaks its promise in its last moment leaves: half a file under a name, which no other operation may take for whole.
 */
async function removeTorn(storage: MemoryStorage): Promise<void> {
  const repository = await openLab(storage)
  for (const { file, content } of storage.files.values()) {
    if (file.kind === 'config' || file.kind === 'keys') continue
    const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(content))
    if (Buffer.from(digest).toString('hex') !== file.name) await repository.storage.remove(file)
  }
}

/** Nobody who is cut off tears a second write, or carries out another call. */
function afterwards(fault: Fault): Fault {
  return fault === 'stall' ? 'stall' : 'fail'
}

function describeCall({ number, operation, kind, name = '' }: StorageCall): string {
  return `call ${number} (${operation} ${kind} ${name.slice(0, 8)})`
}

async function newRepository(like?: OpenRepository): Promise<MemoryStorage> {
  const storage = new MemoryStorage()
  const cost = { N: 16, r: 1, p: 1 }
  await initRepository(storage, { password: PASSWORD, cost, ...(like === undefined ? {} : { chunkerPolynomial: like.chunkerPolynomial }) })
  return storage
}

/** A few small files and one of several blobs; every round changes some. */
function changeFolder(round: number): void {
  for (const name of ['one', 'two', 'three']) {
    mkdirSync(join(folder, name), { recursive: true })
    for (let file = 0; file < 4; file++) {
      if (round === 0 || (file + round) % 3 === 0)
        writeFileSync(join(folder, name, `file ${file}`), noise(5000 + file * 9000, round * 97 + file * 7 + name.length))
    }
  }
  if (round % 2 === 0) writeFileSync(join(folder, 'large'), Buffer.concat([noise(1_500_000, 1), noise(700_000, 50 + round)]))
}

/** A clock that runs much faster than the world's. */
const hasty: Clock = {
  now: () => systemClock.now(),
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / HASTE, signal),
  every: (intervalMs, action) => systemClock.every((intervalMs * 5) / HASTE, action),
}
