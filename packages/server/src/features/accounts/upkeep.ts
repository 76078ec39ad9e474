import type { Clock } from '@holdfast/engine'

const EVERY_MS = 3_600_000

export interface UpkeepOptions {
  readonly clock: Clock
  /** Each removes what counts no more at a time. */
  readonly removals: readonly ((now: number) => Promise<void>)[]
}

/** Removes, every hour, what has expired. Any number of servers may do so at once. */
export class AccountUpkeep {
  readonly #options: UpkeepOptions
  #end: (() => void) | undefined
  #running: Promise<void> | undefined

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  start(): void {
    this.#end ??= this.#options.clock.every(EVERY_MS, () => {
      // A database that is away is tidied when it is back.
      this.#running ??= this.removeExpired()
        .catch(() => undefined)
        .finally(() => {
          this.#running = undefined
        })
    })
  }

  async stop(): Promise<void> {
    this.#end?.()
    this.#end = undefined
    await this.#running
  }

  async removeExpired(): Promise<void> {
    const now = this.#options.clock.now()
    for (const remove of this.#options.removals) await remove(now)
  }
}
