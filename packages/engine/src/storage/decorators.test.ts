import { describe, expect, it } from 'vitest'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { describeStorageContract } from '../testing/storage-contract.ts'
import { appendOnly } from './append-only.ts'
import { readOnly } from './read-only.ts'
import type { FileRef, Storage } from './storage.ts'
import { withBandwidthLimit } from './with-bandwidth-limit.ts'
import { withConcurrency } from './with-concurrency.ts'

const CONFIG: FileRef = { kind: 'config', name: '' }
const fileOf = (digit: string): FileRef => ({ kind: 'data', name: digit.repeat(64) })

describeStorageContract('withConcurrency', () => withConcurrency(new MemoryStorage(), { connections: 2 }))
describeStorageContract('withBandwidthLimit', () =>
  withBandwidthLimit(new MemoryStorage(), { uploadBytesPerSecond: 1e9, downloadBytesPerSecond: 1e9 }),
)
describeStorageContract('FaultyStorage without faults', () => new FaultyStorage(new MemoryStorage(), { fault: () => undefined }))

/** Answers each call when it is told to. */
class GatedStorage extends MemoryStorage {
  readonly waiting: (() => void)[] = []
  override async stat(file: FileRef): Promise<{ name: string; sizeBytes: number }> {
    await new Promise<void>((resolve) => this.waiting.push(resolve))
    return { name: file.name, sizeBytes: 0 }
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}

describe('withConcurrency', () => {
  it('lets no more calls through than it may, in the order they came', async () => {
    const inner = new GatedStorage()
    const storage = withConcurrency(inner, { connections: 2 })
    const done: string[] = []
    const calls = ['a', 'b', 'c', 'd'].map((digit) => storage.stat(fileOf(digit)).then(() => done.push(digit)))
    await turns()
    expect(inner.waiting.length).toBe(2)
    inner.waiting.shift()?.()
    await turns()
    expect(done).toEqual(['a'])
    expect(inner.waiting.length).toBe(2)
    while (done.length < 4) {
      inner.waiting.shift()?.()
      await turns()
    }
    await Promise.all(calls)
    expect(done).toEqual(['a', 'b', 'c', 'd'])
  })

  it('lets locks pass, and frees the place of a call that is cancelled while it waits', async () => {
    const inner = new GatedStorage()
    const storage = withConcurrency(inner, { connections: 1 })
    const first = storage.stat(fileOf('a'))
    const controller = new AbortController()
    const cancelled = storage.stat(fileOf('b'), { signal: controller.signal })
    const last = storage.stat(fileOf('c'))
    controller.abort(new Error('enough'))
    await expect(cancelled).rejects.toThrow('enough')
    const lock = storage.stat({ ...fileOf('d'), kind: 'locks' })
    await turns()
    expect(inner.waiting.length).toBe(2)
    inner.waiting.pop()?.()
    await lock
    inner.waiting.pop()?.()
    await first
    await turns()
    inner.waiting.pop()?.()
    await last
  })

  it('frees the place of a call that fails', async () => {
    const storage = withConcurrency(new MemoryStorage(), { connections: 1 })
    for (let round = 0; round < 3; round++) await expect(storage.stat(fileOf('a'))).rejects.toMatchObject({ code: 'storage.not-found' })
  })
})

describe('withBandwidthLimit', () => {
  it('spreads transfers over the time that they should take', async () => {
    const clock = new ManualClock()
    const storage = withBandwidthLimit(new MemoryStorage(), { uploadBytesPerSecond: 1_000_000, downloadBytesPerSecond: 2_000_000, clock })
    await storage.write(fileOf('a'), new Uint8Array(10_000_000))
    expect(clock.now()).toBeGreaterThan(9_500)
    expect(clock.now()).toBeLessThan(10_001)
    const before = clock.now()
    await storage.read(fileOf('a'), 'all')
    expect(clock.now() - before).toBeGreaterThan(4_500)
    expect(clock.now() - before).toBeLessThan(5_001)
    // In many small steps, not by one long pause before a burst.
    expect(Math.max(...clock.sleptMs)).toBeLessThan(300)
  })

  it('counts all calls together', async () => {
    const clock = new ManualClock()
    const storage = withBandwidthLimit(new MemoryStorage(), { uploadBytesPerSecond: 1_000_000, clock })
    await Promise.all(['a', 'b', 'c'].map((digit) => storage.write(fileOf(digit), new Uint8Array(1_000_000))))
    expect(clock.now()).toBeGreaterThan(2_500)
  })

  it('does not let a pause be caught up', async () => {
    const clock = new ManualClock()
    const storage = withBandwidthLimit(new MemoryStorage(), { uploadBytesPerSecond: 1_000_000, clock })
    clock.advance(60_000)
    await storage.write(fileOf('a'), new Uint8Array(1_000_000))
    expect(clock.now()).toBeGreaterThan(60_800)
  })

  it('ends its pauses when the call is cancelled', async () => {
    const storage = withBandwidthLimit(new MemoryStorage(), { uploadBytesPerSecond: 1 })
    await expect(storage.write(fileOf('a'), new Uint8Array(100), { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })
})

describe('readOnly', () => {
  it('reads and refuses everything else', async () => {
    const inner = new MemoryStorage()
    await inner.write(CONFIG, Buffer.from('config'))
    const storage = readOnly(inner)
    expect((await storage.read(CONFIG, 'all')).length).toBe(6)
    expect((await storage.stat(CONFIG)).sizeBytes).toBe(6)
    expect(await Array.fromAsync(storage.list('config'))).toHaveLength(1)
    const changes = [storage.write(CONFIG, Buffer.from('x')), storage.remove(CONFIG), storage.prepare(), storage.dismantle()]
    for (const outcome of await Promise.allSettled(changes)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'storage.read-only' } })
    }
    expect(inner.files.size).toBe(1)
  })
})

describe('appendOnly', () => {
  async function opened(): Promise<{ readonly inner: MemoryStorage; readonly storage: Storage }> {
    const inner = new MemoryStorage()
    await inner.write(fileOf('a'), Buffer.from('pack'))
    return { inner, storage: appendOnly(inner) }
  }

  it('takes new files, and again the same bytes', async () => {
    const { inner, storage } = await opened()
    await storage.write(fileOf('b'), Buffer.from('other'))
    await storage.write(fileOf('a'), Buffer.from('pack'))
    expect(inner.files.size).toBe(2)
  })

  it('refuses to replace and to remove', async () => {
    const { inner, storage } = await opened()
    await expect(storage.write(fileOf('a'), Buffer.from('evil'))).rejects.toMatchObject({ code: 'storage.append-only' })
    await expect(storage.write(fileOf('a'), Buffer.alloc(0))).rejects.toMatchObject({ code: 'storage.append-only' })
    await expect(storage.remove(fileOf('a'))).rejects.toMatchObject({ code: 'storage.append-only' })
    await expect(storage.dismantle()).rejects.toMatchObject({ code: 'storage.append-only' })
    expect(Buffer.from(await inner.read(fileOf('a'), 'all')).toString()).toBe('pack')
  })

  it('lets locks go', async () => {
    const { inner, storage } = await opened()
    const lock: FileRef = { ...fileOf('c'), kind: 'locks' }
    await storage.write(lock, Buffer.from('lock'))
    await storage.remove(lock)
    expect(inner.files.size).toBe(1)
  })

  it('does not take a storage that fails for one without the file', async () => {
    const inner = new MemoryStorage()
    await inner.write(fileOf('a'), Buffer.from('pack'))
    const storage = appendOnly(new FaultyStorage(inner, { fault: ({ operation }) => (operation === 'stat' ? 'fail' : undefined) }))
    await expect(storage.write(fileOf('a'), Buffer.from('evil'))).rejects.toMatchObject({ code: 'storage.failed' })
    expect(Buffer.from(await inner.read(fileOf('a'), 'all')).toString()).toBe('pack')
  })
})
