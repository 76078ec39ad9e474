import { type Clock, secureRandom } from '@holdfast/engine'
import type { Queries } from './database.ts'

const LEASE_MS = 60_000
const RENEW_EVERY_MS = 15_000
const FORGET_AFTER_MS = 24 * 60 * 60_000

/**
 * Rights that one server process has at a time. Held for a minute and renewed four times in it, so that clocks of servers may differ by
 * half a minute, and a process that dies is followed by another soon.
 */
export class Leases {
  readonly #queries: Queries
  readonly #clock: Clock
  readonly #holder = secureRandom(8).toString('hex')

  constructor(queries: Queries, clock: Clock) {
    this.#queries = queries
    this.#clock = clock
  }

  /** Runs `action` while this process holds the lease; does nothing when another one does. The signal is aborted when it is lost. */
  async exclusively(name: string, action: (signal: AbortSignal) => Promise<void>): Promise<void> {
    // Within one process too: each call is a holder of its own.
    const holder = `${this.#holder}-${secureRandom(4).toString('hex')}`
    if (!(await this.#take(name, holder))) return
    const lost = new AbortController()
    const stop = this.#clock.every(RENEW_EVERY_MS, () => {
      this.#renew(name, holder).then(
        (isHeld) => (isHeld ? undefined : lost.abort(new Error(`the lease ${name} was lost`))),
        () => lost.abort(new Error(`the lease ${name} could not be renewed`)),
      )
    })
    try {
      await action(lost.signal)
    } finally {
      stop()
      await this.release(name, holder)
    }
  }

  /** Takes a lease that is free, or renews one that `holder` has. Gives who has it then. */
  async claim(name: string, holder: string, leaseMs: number = LEASE_MS): Promise<string> {
    if ((await this.#take(name, holder, leaseMs)) || (await this.#renew(name, holder, leaseMs))) return holder
    return (await this.holderOf(name)) ?? holder
  }

  /** Who has a lease that has not run out. */
  async holderOf(name: string): Promise<string | undefined> {
    const lease = this.#queries.selectFrom('leases').select('holder').where('name', '=', name).where('expires_at', '>=', this.#clock.now())
    return (await lease.executeTakeFirst())?.holder
  }

  /** Gives a lease back, if `holder` has it. Leases that ran out long ago go as well. */
  async release(name: string, holder: string): Promise<void> {
    await this.#queries.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
    await this.#queries
      .deleteFrom('leases')
      .where('expires_at', '<', this.#clock.now() - FORGET_AFTER_MS)
      .execute()
  }

  async #take(name: string, holder: string, leaseMs = LEASE_MS): Promise<boolean> {
    const now = this.#clock.now()
    const taken = await this.#queries
      .insertInto('leases')
      .values({ name, holder, expires_at: now + leaseMs })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, expires_at: now + leaseMs })
          .where('leases.expires_at', '<', now),
      )
      .returning('holder')
      .executeTakeFirst()
    return taken?.holder === holder
  }

  async #renew(name: string, holder: string, leaseMs = LEASE_MS): Promise<boolean> {
    const renewed = await this.#queries
      .updateTable('leases')
      .set({ expires_at: this.#clock.now() + leaseMs })
      .where('name', '=', name)
      .where('holder', '=', holder)
      .returning('name')
      .executeTakeFirst()
    return renewed !== undefined
  }
}
