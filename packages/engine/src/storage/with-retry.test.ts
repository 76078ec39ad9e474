import { describe, expect, it } from 'vitest'
import { EngineError } from '../errors.ts'
import { atCall, type Fault, FaultyStorage, type FaultyStorageOptions } from '../testing/faulty-storage.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { describeStorageContract } from '../testing/storage-contract.ts'
import type { FileRef, Storage } from './storage.ts'
import { describeRetry, type RetryEvent, type RetryOptions, withRetry } from './with-retry.ts'

/** A torn file can be read until the write is repeated, and one that is cancelled is not repeated. */
const TORN = {
  'readers see the old or the new file, whole': 'the storage below tears files',
  'a write that is cancelled leaves all or nothing': 'the storage below tears files',
}

const CONFIG: FileRef = { kind: 'config', name: '' }

describeStorageContract('withRetry', () => withRetry(new MemoryStorage()))
for (const fault of ['fail', 'lose-answer', 'tear'] as const) {
  describeStorageContract(
    `withRetry over a storage in which every third call goes wrong (${fault})`,
    () => {
      const faulty = new FaultyStorage(new MemoryStorage(), { fault: ({ number }) => (number % 3 === 0 ? fault : undefined) })
      return withRetry(faulty, { clock: new ManualClock() })
    },
    fault === 'tear' ? { exempt: TORN } : {},
  )
}

function setUp(
  fault: FaultyStorageOptions['fault'],
  options: RetryOptions & { readonly code?: FaultyStorageOptions['code'] } = {},
): {
  readonly inner: MemoryStorage
  readonly storage: Storage
  readonly clock: ManualClock
  readonly events: RetryEvent[]
  readonly faulty: FaultyStorage
} {
  const inner = new MemoryStorage()
  const clock = new ManualClock()
  const events: RetryEvent[] = []
  const faulty = new FaultyStorage(inner, { fault, ...(options.code === undefined ? {} : { code: options.code }) })
  const storage = withRetry(faulty, { clock, random: () => 0.5, onRetry: (event) => events.push(event), ...options })
  return { inner, storage, clock, events, faulty }
}

describe('withRetry', () => {
  it.each(['fail', 'lose-answer', 'tear'] satisfies Fault[])('repeats a write that goes wrong once (%s)', async (fault) => {
    const { inner, storage, events } = setUp(atCall(1, fault))
    await storage.write(CONFIG, Buffer.from('config'))
    expect(Buffer.from(inner.files.get('config')?.content ?? []).toString()).toBe('config')
    expect(events).toMatchObject([{ action: 'write config', attempt: 1, delayMs: 1000 }])
    expect(describeRetry(events[0] as RetryEvent)).toBe('write config: Cannot write: a fault was injected; next try in 1 s')
  })

  it('doubles its pauses up to a limit and gives up with the last error when the time is over', async () => {
    const { storage, clock } = setUp(() => 'fail')
    await expect(storage.stat(CONFIG)).rejects.toMatchObject({ code: 'storage.failed' })
    expect(clock.sleptMs.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(clock.now()).toBeGreaterThan(13 * 60_000)
    expect(clock.now()).toBeLessThanOrEqual(15 * 60_000)
  })

  it('varies its pauses', async () => {
    for (const [fraction, delayMs] of [
      [0, 500],
      [0.999, 1499],
    ] as const) {
      const { storage, clock } = setUp(atCall(1, 'fail'), { random: () => fraction })
      await storage.write(CONFIG, Buffer.from('config'))
      expect(clock.sleptMs).toEqual([delayMs])
    }
  })

  it('tries twice at least', async () => {
    const { storage, faulty } = setUp(() => 'fail', { maxElapsedMs: 0 })
    await expect(storage.stat(CONFIG)).rejects.toMatchObject({ code: 'storage.failed' })
    expect(faulty.calls.length).toBe(2)
  })

  it.each(['storage.not-found', 'storage.denied', 'storage.full', 'storage.range'] as const)('does not repeat %s', async (code) => {
    const { storage, faulty } = setUp(() => 'fail', { code })
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code })
    expect(faulty.calls.length).toBe(1)
  })

  it('does not repeat what is no failure of a storage', async () => {
    const bug = new TypeError('a bug')
    const broken = Object.assign(new MemoryStorage(), { stat: () => Promise.reject(bug) })
    await expect(withRetry(broken, { clock: new ManualClock() }).stat(CONFIG)).rejects.toBe(bug)
  })

  it('gives every file of a listing once, though it breaks off several times', async () => {
    const { inner, storage } = setUp(({ number }) => (number <= 3 ? 'fail' : undefined))
    const names = Array.from({ length: 40 }, (_, index) => index.toString(16).padStart(64, '0'))
    for (const name of names) inner.replaceFile({ kind: 'data', name }, Buffer.from('x'))
    const listed = await Array.fromAsync(storage.list('data'), (info) => info.name)
    expect(listed.sort()).toEqual(names)
  })

  it('passes on what the consumer of a listing throws', async () => {
    const { inner, storage, faulty } = setUp(() => undefined)
    inner.replaceFile(CONFIG, Buffer.from('x'))
    const consume = async (): Promise<void> => {
      for await (const _ of storage.list('config')) throw new EngineError('storage.unavailable', 'Cannot do something else')
    }
    await expect(consume()).rejects.toMatchObject({ code: 'storage.unavailable' })
    expect(faulty.calls.length).toBe(1)
  })

  it('ends a pause when the call is cancelled', async () => {
    const storage = withRetry(new FaultyStorage(new MemoryStorage(), { fault: () => 'fail' }))
    await expect(storage.stat(CONFIG, { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('ends a call that stalls when it is cancelled', async () => {
    const storage = withRetry(new FaultyStorage(new MemoryStorage(), { fault: () => 'stall' }))
    await expect(storage.write(CONFIG, Buffer.from('x'), { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })
})
