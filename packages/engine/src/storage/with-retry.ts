import { isEngineError, messageOf } from '../errors.ts'
import { type Clock, systemClock } from '../host/clock.ts'
import { randomFraction } from '../host/random.ts'
import { type ByteRange, type CallOptions, describeFile, type FileInfo, type FileKind, type FileRef, type Storage } from './storage.ts'

/** A failed try that will be repeated. */
export interface RetryEvent {
  /** What was tried: `read data/ab12…`. */
  readonly action: string
  readonly error: Error
  /** 1 for the first failure. */
  readonly attempt: number
  readonly delayMs: number
}

export interface RetryOptions {
  readonly clock?: Clock | undefined
  /** A number in [0, 1) for the jitter. */
  readonly random?: (() => number) | undefined
  /** No try starts later than this after the first; but there are two tries at least. Default 15 minutes, as restic's. */
  readonly maxElapsedMs?: number | undefined
  /** Middle of the first pause; each further one is twice as long. Default 1 s. */
  readonly initialDelayMs?: number | undefined
  /** Longest middle of a pause. Default 60 s. */
  readonly maxDelayMs?: number | undefined
  readonly onRetry?: ((event: RetryEvent) => void) | undefined
}

/** Share of a pause that jitter may add or take away. */
const JITTER = 0.5

/**
 * Repeats calls that fail with an error whose `retry` is `later`, after pauses that double and vary. Gives up with the last error, or with
 * the signal's reason as soon as that is aborted. A listing that fails half-way starts again and leaves out what it gave before.
 */
export function withRetry(storage: Storage, options: RetryOptions = {}): Storage {
  const policy = new RetryPolicy(options)
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: storage.localFolder,
    prepare: (call) => policy.run(() => storage.prepare(call), { action: 'prepare the storage', call }),
    write: (file, content, call) => policy.run(() => storage.write(file, content, call), { action: `write ${describeFile(file)}`, call }),
    read: (file: FileRef, range: ByteRange | 'all', call?: CallOptions) =>
      policy.run(() => storage.read(file, range, call), { action: `read ${describeFile(file)}`, call }),
    stat: (file, call) => policy.run(() => storage.stat(file, call), { action: `find ${describeFile(file)}`, call }),
    remove: (file, call) => policy.run(() => storage.remove(file, call), { action: `remove ${describeFile(file)}`, call }),
    list: (kind, call) => listWithRetry(storage, kind, { policy, call }),
    dismantle: (call) => policy.run(() => storage.dismantle(call), { action: 'remove the folders', call }),
    close: () => storage.close(),
  }
}

async function* listWithRetry(
  storage: Storage,
  kind: FileKind,
  context: { readonly policy: RetryPolicy; readonly call: CallOptions | undefined },
): AsyncIterable<FileInfo> {
  const given = new Set<string>()
  const attempts = context.policy.begin({ action: `list ${kind}`, call: context.call })
  for (;;) {
    // Only failures of the listing count: what the consumer throws does not come back through a generator.
    try {
      for await (const info of storage.list(kind, context.call)) {
        if (given.has(info.name)) continue
        given.add(info.name)
        yield info
      }
      return
    } catch (error) {
      await attempts.pauseAfter(error)
    }
  }
}

interface Attempted {
  readonly action: string
  readonly call: CallOptions | undefined
}

class RetryPolicy {
  readonly clock: Clock
  readonly #options: RetryOptions

  constructor(options: RetryOptions) {
    this.clock = options.clock ?? systemClock
    this.#options = options
  }

  async run<Result>(task: () => Promise<Result>, attempted: Attempted): Promise<Result> {
    const attempts = this.begin(attempted)
    for (;;) {
      attempted.call?.signal?.throwIfAborted()
      try {
        return await task()
      } catch (error) {
        await attempts.pauseAfter(error)
      }
    }
  }

  begin(attempted: Attempted): { pauseAfter(error: unknown): Promise<void> } {
    const { initialDelayMs = 1000, maxDelayMs = 60_000, maxElapsedMs = 15 * 60_000, random = randomFraction, onRetry } = this.#options
    const signal = attempted.call?.signal
    const startedAt = this.clock.now()
    let attempt = 0
    return {
      pauseAfter: async (error) => {
        signal?.throwIfAborted()
        if (!isEngineError(error) || error.retry !== 'later') throw error
        const middleMs = Math.min(maxDelayMs, initialDelayMs * 2 ** attempt)
        const delayMs = Math.round(middleMs * (1 - JITTER + 2 * JITTER * random()))
        attempt++
        if (attempt > 1 && this.clock.now() + delayMs - startedAt > maxElapsedMs) throw error
        onRetry?.({ action: attempted.action, error, attempt, delayMs })
        await this.clock.sleep(delayMs, signal)
      },
    }
  }
}

/** One line for a log: `write data/ab12…: connection refused; next try in 2 s`. */
export function describeRetry(event: RetryEvent): string {
  return `${event.action}: ${messageOf(event.error)}; next try in ${Math.round(event.delayMs / 1000)} s`
}
