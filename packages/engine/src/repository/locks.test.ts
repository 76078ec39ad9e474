import { expect, test } from 'vitest'
import type { LockId } from '../format/ids.ts'
import { decodeLockFile, encodeLockFile } from '../format/lock-file.ts'
import { timestampFromMs } from '../format/timestamp.ts'
import type { Identity } from '../host/machine.ts'
import { processId } from '../host/machine.ts'
import type { Storage } from '../storage/storage.ts'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { isStaleLock, listLocks, removeLocks } from './locks.ts'
import { initRepository, type OpenRepository } from './open-repository.ts'

const HERE: Identity = { hostname: 'here', username: 'ann', uid: 1000, gid: 1000 }
const MINUTE_MS = 60_000
const LOW_COST = { N: 2, r: 1, p: 1 }

async function repositoryAt(clock: ManualClock, storage: Storage = new MemoryStorage()): Promise<OpenRepository> {
  return await initRepository(storage, { password: 'secret', clock, identity: HERE, cost: LOW_COST })
}

async function leaveLock(
  repository: OpenRepository,
  lock: { exclusive?: boolean; pid?: number; hostname?: string; ageMs?: number },
): Promise<LockId> {
  const { exclusive = false, pid = processId(), hostname = 'there', ageMs = 0 } = lock
  const time = timestampFromMs(repository.clock.now() - ageMs)
  return await repository.saveUnpacked('locks', encodeLockFile({ time, exclusive, hostname, username: 'bob', pid }))
}

test('shared locks bear each other, an exclusive one bears none', async () => {
  const repository = await repositoryAt(new ManualClock(1e12))
  const first = await repository.lock()
  await using _second = await repository.lock()
  await expect(repository.lock({ exclusive: true })).rejects.toMatchObject({
    code: 'repository.locked',
    message: expect.stringContaining('by ann'),
  })
  await first[Symbol.asyncDispose]()
  expect(await listLocks(repository)).toHaveLength(1)
})

test('an exclusive lock excludes shared ones, and is gone after use', async () => {
  const repository = await repositoryAt(new ManualClock(1e12))
  {
    await using _lock = await repository.lock({ exclusive: true })
    await expect(repository.lock()).rejects.toMatchObject({ code: 'repository.locked', message: expect.stringContaining('exclusively') })
  }
  await using _lock = await repository.lock()
  expect(await listLocks(repository)).toHaveLength(1)
})

test('two processes that lock exclusively at the same moment never both succeed', async () => {
  const repository = await repositoryAt(new ManualClock(1e12))
  const outcomes = await Promise.allSettled([repository.lock({ exclusive: true }), repository.lock({ exclusive: true })])
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2)
  expect((await listLocks(repository)).length).toBeLessThan(2)
})

test('a lock that is confirmed later can be read under at once, and tells of a conflict before the first write', async () => {
  const repository = await repositoryAt(new ManualClock(1e12))
  await using lock = await repository.lock({ confirmLater: true })
  await leaveLock(repository, { exclusive: true })
  await expect(lock.confirmed()).rejects.toMatchObject({ code: 'repository.locked' })
})

test('waits for a lock as long as it is told, and says so once', async () => {
  const clock = new ManualClock(1e12)
  const repository = await repositoryAt(clock)
  const other = await leaveLock(repository, { exclusive: true })
  let waits = 0
  const waiting = repository.lock({ retryForMs: 10 * MINUTE_MS, onWait: () => waits++ })
  while (clock.sleptMs.length < 3) await new Promise(setImmediate)
  await repository.removeFile('locks', other)
  await using _lock = await waiting
  expect(waits).toBe(1)
  const before = clock.now()
  await leaveLock(repository, { exclusive: true })
  await expect(repository.lock({ retryForMs: MINUTE_MS })).rejects.toMatchObject({ code: 'repository.locked' })
  expect(clock.now() - before).toBeGreaterThanOrEqual(MINUTE_MS)
})

test('a lock is refreshed before it is stale: a new file, then the old one goes', async () => {
  const clock = new ManualClock(1e12)
  const repository = await repositoryAt(clock)
  await using lock = await repository.lock()
  const [before] = await listLocks(repository)
  clock.advance(5 * MINUTE_MS)
  clock.tick()
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  const [after, ...others] = await listLocks(repository)
  expect(others).toEqual([])
  expect(after?.id).not.toBe(before?.id)
  expect(after?.time).toBe(timestampFromMs(clock.now()))
  expect(lock.signal.aborted).toBe(false)
})

test('a lock is refreshed when its time has come, and after a failure again when as much time has passed', async () => {
  const clock = new ManualClock(1e12)
  let writes = 0
  let isBroken = false
  const storage = new FaultyStorage(new MemoryStorage(), {
    fault: ({ operation, kind }) => {
      if (operation === 'write' && kind === 'locks') writes++
      return isBroken ? 'fail' : undefined
    },
  })
  const repository = await repositoryAt(clock, storage)
  await using _lock = await repository.lock()
  const writesAfter = async (advanceMs: number): Promise<number> => {
    clock.advance(advanceMs)
    clock.tick()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    return writes
  }
  expect(await writesAfter(0)).toBe(1)
  expect(await writesAfter(MINUTE_MS)).toBe(1)
  expect(await writesAfter(4 * MINUTE_MS)).toBe(2)
  isBroken = true
  expect(await writesAfter(5 * MINUTE_MS)).toBe(3)
  expect(await writesAfter(MINUTE_MS)).toBe(3)
  expect(await writesAfter(4 * MINUTE_MS)).toBe(4)
  isBroken = false
  expect(await writesAfter(-60 * MINUTE_MS)).toBe(5)
})

test('the clock is looked at every few seconds, since timers stand still while the machine sleeps', async () => {
  const intervals: number[] = []
  class WatchedClock extends ManualClock {
    override every(intervalMs: number, action: () => void): () => void {
      intervals.push(intervalMs)
      return super.every(intervalMs, action)
    }
  }
  const repository = await repositoryAt(new WatchedClock(1e12))
  await using _lock = await repository.lock()
  expect(Math.max(...intervals)).toBeLessThanOrEqual(10_000)
})

test('no file of a lock is left behind when a refresh could not remove the former one', async () => {
  const clock = new ManualClock(1e12)
  let isRefreshing = false
  const storage = new FaultyStorage(new MemoryStorage(), {
    fault: ({ operation, kind }) => (isRefreshing && operation === 'remove' && kind === 'locks' ? 'fail' : undefined),
  })
  const repository = await repositoryAt(clock, storage)
  const lock = await repository.lock()
  isRefreshing = true
  clock.advance(5 * MINUTE_MS)
  clock.tick()
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  isRefreshing = false
  expect(await listLocks(repository)).toHaveLength(2)
  await lock[Symbol.asyncDispose]()
  expect(await listLocks(repository)).toEqual([])
})

test('a lock is given back while the storage does not answer its refresh', async () => {
  const clock = new ManualClock(1e12)
  let isRefreshing = false
  const storage = new FaultyStorage(new MemoryStorage(), {
    fault: ({ operation }) => (isRefreshing && operation === 'write' ? 'stall' : undefined),
  })
  const repository = await repositoryAt(clock, storage)
  const lock = await repository.lock()
  isRefreshing = true
  clock.advance(5 * MINUTE_MS)
  clock.tick()
  await new Promise(setImmediate)
  await lock[Symbol.asyncDispose]()
  expect(await listLocks(repository)).toEqual([])
})

test('a lock whose file was removed while the machine slept is lost', async () => {
  const clock = new ManualClock(1e12)
  const repository = await repositoryAt(clock)
  await using lock = await repository.lock()
  for (const { id } of await listLocks(repository)) await repository.removeFile('locks', id)
  clock.advance(25 * MINUTE_MS)
  clock.tick()
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  expect(lock.signal.reason).toMatchObject({ code: 'repository.lock-lost' })
})

test('locks are stale when old, or when their process on this machine is gone', () => {
  const clock = new ManualClock(1e12)
  const lock = (pid: number, hostname: string, ageMs: number) =>
    decodeLockFile(encodeLockFile({ time: timestampFromMs(clock.now() - ageMs), exclusive: false, hostname, username: '', pid }))
  const context = { clock, identity: HERE }
  expect(isStaleLock(lock(processId(), 'here', 0), context)).toBe(false)
  expect(isStaleLock(lock(2 ** 22 + 1, 'here', 0), context)).toBe(true)
  expect(isStaleLock(lock(2 ** 22 + 1, 'there', 29 * MINUTE_MS), context)).toBe(false)
  expect(isStaleLock(lock(processId(), 'here', 31 * MINUTE_MS), context)).toBe(true)
})

test('unlock removes stale locks only, or all', async () => {
  const clock = new ManualClock(1e12)
  const repository = await repositoryAt(clock)
  await leaveLock(repository, { ageMs: 31 * MINUTE_MS })
  await leaveLock(repository, { ageMs: MINUTE_MS })
  await repository.storage.write({ kind: 'locks', name: 'a'.repeat(64) }, Buffer.from('garbage'))
  expect(await removeLocks(repository, { all: false, clock, identity: HERE })).toBe(1)
  expect(await removeLocks(repository, { all: true, clock, identity: HERE })).toBe(2)
})
