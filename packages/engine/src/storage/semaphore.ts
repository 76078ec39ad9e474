/** Lets a bounded number of tasks run at once; the others wait first come, first served. */
export class Semaphore {
  #free: number
  readonly #queue: (() => void)[] = []

  constructor(permits: number) {
    this.#free = Math.max(1, permits)
  }

  /** Runs `task` when it is its turn. Rejects with the signal's reason if that is aborted while it waits. */
  async run<Result>(task: () => Promise<Result>, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Result> {
    await this.#acquire(options.signal)
    try {
      return await task()
    } finally {
      this.#release()
    }
  }

  async #acquire(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#queue.push(resolve)
    const cancel = (): void => {
      const place = this.#queue.indexOf(resolve)
      if (place < 0) return
      this.#queue.splice(place, 1)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  #release(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
