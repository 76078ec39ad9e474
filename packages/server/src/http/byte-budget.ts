import { ServerError } from '../errors.ts'

export interface ByteBudgetOptions {
  /** What all may hold together. */
  readonly totalBytes: number
  /** What one owner may hold, so that nobody has it all. Somebody who holds nothing gets what he asks for. */
  readonly shareBytes: number
  /** How many may wait. */
  readonly waitersMax: number
}

interface Waiter {
  readonly owner: string
  readonly sizeBytes: number
  readonly grant: () => void
}

/** The memory that requests may hold at once: whoever wants more waits, and reads nothing from the network meanwhile. */
export class ByteBudget {
  readonly #options: ByteBudgetOptions
  readonly #held = new Map<string, number>()
  readonly #waiters: Waiter[] = []
  #heldBytes = 0

  constructor(options: ByteBudgetOptions) {
    this.#options = options
  }

  /** Bytes that are given out now. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Takes `sizeBytes`, at most the total, until what is returned is disposed of.
   * @throws {ServerError} `server.unavailable` when too many wait; the reason of the signal when that is aborted.
   */
  async take(owner: string, sizeBytes: number, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Disposable> {
    options.signal?.throwIfAborted()
    const wanted = Math.min(sizeBytes, this.#options.totalBytes)
    if (this.#waiters.length === 0 && this.#fits(owner, wanted)) this.#add(owner, wanted)
    else await this.#wait({ owner, sizeBytes: wanted }, options.signal)
    let isGivenBack = false
    return {
      [Symbol.dispose]: () => {
        if (isGivenBack) return
        isGivenBack = true
        this.#add(owner, -wanted)
        this.#serve()
      },
    }
  }

  #wait({ owner, sizeBytes }: Omit<Waiter, 'grant'>, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.length >= this.#options.waitersMax) {
      throw new ServerError('server.unavailable', 'Cannot take the request: too many transfers wait already', { retryAfterSeconds: 5 })
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        owner,
        sizeBytes,
        grant: () => {
          signal?.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      const giveUp = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        reject(signal?.reason)
        this.#serve()
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiters.push(waiter)
      this.#serve()
    })
  }

  /** In order of arrival. Those whose own share is used up step aside; those who wait for room of all hold up the rest, or they starved. */
  #serve(): void {
    for (let place = 0; place < this.#waiters.length; ) {
      const waiter = this.#waiters[place]
      if (waiter === undefined) return
      const { owner, sizeBytes, grant } = waiter
      if (!this.#isWithinShare(owner, sizeBytes)) place++
      else if (this.#heldBytes + sizeBytes > this.#options.totalBytes) return
      else {
        this.#waiters.splice(place, 1)
        this.#add(owner, sizeBytes)
        grant()
      }
    }
  }

  #fits(owner: string, sizeBytes: number): boolean {
    return this.#isWithinShare(owner, sizeBytes) && this.#heldBytes + sizeBytes <= this.#options.totalBytes
  }

  #isWithinShare(owner: string, sizeBytes: number): boolean {
    const held = this.#held.get(owner) ?? 0
    return held === 0 || held + sizeBytes <= this.#options.shareBytes
  }

  #add(owner: string, sizeBytes: number): void {
    this.#heldBytes += sizeBytes
    const held = (this.#held.get(owner) ?? 0) + sizeBytes
    if (held === 0) this.#held.delete(owner)
    else this.#held.set(owner, held)
  }
}
