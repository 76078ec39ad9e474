import type { Clock } from '@holdfast/engine'
import type { RunOrder } from '@holdfast/protocol'
import type { RunLifecycle } from './run-lifecycle.ts'
import { LEASE_MS } from './run-lifecycle.ts'
import type { RunOrders } from './run-orders.ts'
import type { RunStore, StoredRun } from './store.ts'

/** Runs of clients that are carried out at once on the whole installation; others wait. */
const RUNNING_MAX = 200

/** A run that was handed out. */
export interface Assignment {
  readonly run: StoredRun
  readonly order: RunOrder
}

export interface RunDispatchOptions {
  readonly store: RunStore
  readonly lifecycle: RunLifecycle
  readonly orders: RunOrders
  readonly clock: Clock
  readonly runningMax?: number
}

/** Hands out pending runs, each once, one at a time per client. */
export class RunDispatch {
  readonly #options: RunDispatchOptions

  constructor(options: RunDispatchOptions) {
    this.#options = options
  }

  /** The oldest run of these clients that can be carried out now, taken for `holder`; undefined when there is none. */
  async assign(clientIds: readonly number[], holder: string): Promise<Assignment | undefined> {
    const { store, lifecycle, clock, runningMax = RUNNING_MAX } = this.#options
    const waiting = await store.waiting(clientIds, clock.now())
    if (waiting.length === 0 || (await store.countRunning()) >= runningMax) return undefined
    for (const run of waiting) {
      const order = await this.order(run)
      const taken = order && (await lifecycle.take(run, holder))
      if (order !== undefined && taken !== undefined) return { run: taken, order }
    }
    return undefined
  }

  /** What is to be done for a run; undefined when it has to wait, and when it was given up because that cannot be said any more. */
  async order(run: StoredRun): Promise<RunOrder | undefined> {
    const { orders, clock, lifecycle } = this.#options
    const readiness = await orders.prepare(run, { leaseMs: LEASE_MS, now: clock.now() })
    if (readiness.kind === 'impossible') {
      await lifecycle.giveUp(run, { code: 'run.impossible', message: `Cannot begin: ${readiness.reason}` })
    }
    return readiness.kind === 'go' ? readiness.order : undefined
  }
}
