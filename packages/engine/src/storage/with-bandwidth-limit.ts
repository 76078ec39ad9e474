import { type Clock, systemClock } from '../host/clock.ts'
import type { CallOptions, Storage } from './storage.ts'

export interface BandwidthLimit {
  readonly uploadBytesPerSecond?: number | undefined
  readonly downloadBytesPerSecond?: number | undefined
  readonly clock?: Clock | undefined
}

/**
 * Slows transfers down to so many bytes per second, all calls together. The storage asks before each piece ({@link CallOptions.pace}), so
 * the rate is smooth within a file too. What a limit on reading is worth ends where workers read by themselves, so `localFolder` is hidden
 * if there is one.
 */
export function withBandwidthLimit(storage: Storage, limit: BandwidthLimit): Storage {
  const clock = limit.clock ?? systemClock
  const buckets = { upload: bucketOf(limit.uploadBytesPerSecond, clock), download: bucketOf(limit.downloadBytesPerSecond, clock) }
  function paced(call: CallOptions = {}): CallOptions {
    return { ...call, pace: async (direction, sizeBytes) => buckets[direction]?.take(sizeBytes, call.signal) }
  }
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: buckets.download === undefined ? storage.localFolder : undefined,
    prepare: (call) => storage.prepare(call),
    write: (file, content, call) => storage.write(file, content, paced(call)),
    read: (file, range, call) => storage.read(file, range, paced(call)),
    stat: (file, call) => storage.stat(file, call),
    list: (kind, call) => storage.list(kind, call),
    remove: (file, call) => storage.remove(file, call),
    dismantle: (call) => storage.dismantle(call),
    close: () => storage.close(),
  }
}

function bucketOf(bytesPerSecond: number | undefined, clock: Clock): TokenBucket | undefined {
  return bytesPerSecond === undefined ? undefined : new TokenBucket(bytesPerSecond, clock)
}

/** How much of a pause in traffic may be caught up later: what the rate gives in this time. */
const BURST_MS = 100

/** A bucket that may go into debt: whoever takes waits until the debt before it is paid, so that pieces larger than the rate pass too. */
export class TokenBucket {
  readonly #bytesPerMs: number
  readonly #clock: Clock
  /** When everything that was taken will have been paid for. */
  #paidAtMs: number

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerMs = Math.max(1, bytesPerSecond) / 1000
    this.#clock = clock
    this.#paidAtMs = clock.now()
  }

  async take(sizeBytes: number, signal: AbortSignal | undefined): Promise<void> {
    const nowMs = this.#clock.now()
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs - BURST_MS) + sizeBytes / this.#bytesPerMs
    const waitMs = this.#paidAtMs - nowMs
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal)
  }
}
