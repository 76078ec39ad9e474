import type { Clock } from '@holdfast/engine'

export interface WokenWorkOptions {
  readonly clock: Clock
  /** How often it is looked without anybody saying so. */
  readonly everyMs: number
  /** Does what there is to do; the signal is aborted when the server stops. It says itself what goes wrong, and never rejects. */
  readonly work: (signal: AbortSignal) => Promise<void>
}

/** Work in the background that is never done twice at a time: soon after somebody says that there may be some, and from time to time. */
export class WokenWork {
  readonly #options: WokenWorkOptions
  #stopping = new AbortController()
  #stopLooking: (() => void) | undefined
  #working: Promise<void> | undefined
  #isWoken = false

  constructor(options: WokenWorkOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, everyMs } = this.#options
    this.#stopping = new AbortController()
    this.#stopLooking ??= clock.every(everyMs, () => this.wake())
    this.wake()
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopLooking?.()
    this.#stopLooking = undefined
    this.#stopping.abort()
    await this.#working
  }

  /** Looks soon whether there is something to do. Before {@link start} nothing happens. */
  wake(): void {
    if (this.#stopLooking === undefined) return
    this.#isWoken = true
    // Not before it is noted: the work may wake itself.
    this.#working ??= Promise.resolve().then(() => this.#workWhileWoken())
  }

  async #workWhileWoken(): Promise<void> {
    const { signal } = this.#stopping
    while (this.#isWoken && !signal.aborted) {
      this.#isWoken = false
      await this.#options.work(signal)
    }
    // At once: who wakes it after the last look, and before anybody hears that it has ended, must not go unheard.
    this.#working = undefined
  }
}
