import type { Clock } from '@holdfast/engine'
import { LEASE_MS, MISSED, type RunLifecycle } from './run-lifecycle.ts'
import type { RunStore } from './store.ts'

const SWEEP_EVERY_MS = 10_000
const PURGE_EVERY_MS = 3_600_000
/** No run is put off for longer. */
const DELAY_MS_MAX = 3_600_000
/** How long runs that have ended are kept, with their logs. */
const HISTORY_MS = 400 * 86_400_000

const GONE = { code: 'run.impossible', message: 'Cannot begin: its client is gone' }

export interface RunSweeperOptions {
  readonly store: RunStore
  readonly lifecycle: RunLifecycle
  readonly clock: Clock
}

/** Ends what nobody else ends any more. Any number of servers may sweep at once. */
export class RunSweeper {
  readonly #options: RunSweeperOptions
  #purgedAt: number | undefined
  #stopSweeping: (() => void) | undefined
  #sweeping: Promise<void> | undefined

  constructor(options: RunSweeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#stopSweeping ??= this.#options.clock.every(SWEEP_EVERY_MS, () => {
      // A database that is away is swept when it is back.
      this.#sweeping ??= this.sweep()
        .catch(() => undefined)
        .finally(() => {
          this.#sweeping = undefined
        })
    })
  }

  async stop(): Promise<void> {
    this.#stopSweeping?.()
    this.#stopSweeping = undefined
    await this.#sweeping
  }

  /**
   * Marks runs whose holder is gone, ends those that were cancelled and have not stopped, drops what was missed or is old, and tells of
   * ends that nobody was told of.
   */
  async sweep(): Promise<void> {
    const { store, lifecycle, clock } = this.#options
    const now = clock.now()
    await store.mendTimes({ now, leaseMs: LEASE_MS, delayMs: DELAY_MS_MAX })
    for (const run of await store.abandoned({ now, cancelledBefore: now - LEASE_MS })) await lifecycle.lose(run)
    for (const run of await store.missed(now)) {
      await lifecycle.giveUp(run, run.client_id === null ? GONE : MISSED)
    }
    await lifecycle.tellOfUntold()
    if (this.#purgedAt !== undefined && Math.abs(now - this.#purgedAt) < PURGE_EVERY_MS) return
    this.#purgedAt = now
    await store.purge(now - HISTORY_MS)
  }
}
