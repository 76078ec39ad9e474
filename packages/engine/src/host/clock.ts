import { EngineError } from '../errors.ts'

/** The only place where the engine asks for the time. Everything that depends on time takes a `Clock`, so that tests own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after `durationMs`, rejects with the signal's reason when that is aborted first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
  /** Calls `action` again and again, every `intervalMs`, without keeping the process alive; returns what ends that. */
  every(intervalMs: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every: (intervalMs, action) => {
    const timer = setInterval(action, intervalMs)
    timer.unref()
    return () => clearInterval(timer)
  },
  sleep: (durationMs, signal) => {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', cancel)
        resolve()
      }, durationMs)
      function cancel(): void {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', cancel, { once: true })
    })
  },
}

/** Runs `action` with a signal that is aborted when it takes longer than `durationMs`. For what must end even when nobody cancels it. */
export async function withTimeLimit<Result>(
  clock: Clock,
  durationMs: number,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController()
  const stop = clock.every(durationMs, () => {
    limit.abort(new EngineError('storage.unavailable', `Cannot wait any longer: there was no answer for ${durationMs / 1000} s`))
  })
  try {
    return await action(limit.signal)
  } finally {
    stop()
  }
}
