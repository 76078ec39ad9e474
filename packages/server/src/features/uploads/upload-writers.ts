import { type Clock, secureRandom } from '@holdfast/engine'
import type { Leases } from '../../db/leases.ts'

const RENEW_EVERY_MS = 15_000
/** Longer than any upload may be idle. */
const UPLOAD_LEASE_MS = 60 * 60_000

export interface UploadWritersOptions {
  /** Undefined where no other server can share the database. */
  readonly leases: Leases | undefined
  readonly clock: Clock
}

/**
 * Which server process writes to which repository: one at a time, so that what one client has sent need not be sent by the next. Others
 * hand its uploads on to it. A process that dies is followed by another within a minute.
 */
export class UploadWriters {
  readonly #options: UploadWritersOptions
  readonly #processId = secureRandom(6).toString('hex')
  readonly #held = new Set<number>()
  #url: string | undefined
  #stopRenewing: (() => void) | undefined

  constructor(options: UploadWritersOptions) {
    this.#options = options
  }

  /** Begins to take part, reachable for the other servers at `url`. Before that this process takes every upload itself. */
  start(url: string): void {
    if (this.#options.leases === undefined) return
    this.#url = url
    this.#stopRenewing ??= this.#options.clock.every(RENEW_EVERY_MS, () => void this.#renew())
  }

  /** The address of the process that writes to a repository; undefined when it is this one, which it becomes when there is none. */
  async writerOf(repositoryId: number): Promise<string | undefined> {
    const { leases } = this.#options
    const self = this.#self
    if (leases === undefined || self === undefined) return undefined
    const holder = await leases.claim(`writer ${repositoryId}`, self)
    if (holder !== self) return urlOf(holder)
    this.#held.add(repositoryId)
    return undefined
  }

  /** Notes that an upload is under way here. */
  async began(uploadId: string): Promise<void> {
    const { leases } = this.#options
    if (leases !== undefined && this.#self !== undefined) await leases.claim(`upload ${uploadId}`, this.#self, UPLOAD_LEASE_MS)
  }

  /** The address of the process that has an upload; undefined when no other one has it. */
  async processOf(uploadId: string): Promise<string | undefined> {
    const { leases } = this.#options
    if (leases === undefined || this.#self === undefined) return undefined
    const holder = await leases.holderOf(`upload ${uploadId}`)
    return holder === undefined || holder === this.#self ? undefined : urlOf(holder)
  }

  /** Lets others write. Safe to call without `start`. */
  async stop(): Promise<void> {
    this.#stopRenewing?.()
    const { leases } = this.#options
    if (leases === undefined || this.#self === undefined) return
    for (const repositoryId of this.#held) await leases.release(`writer ${repositoryId}`, this.#self).catch(() => undefined)
    this.#url = undefined
  }

  get #self(): string | undefined {
    return this.#url === undefined ? undefined : `${this.#processId} ${this.#url}`
  }

  /** A lease that another process has taken meanwhile is not asked for again: uploads that are under way here end by themselves. */
  async #renew(): Promise<void> {
    const { leases } = this.#options
    const self = this.#self
    if (leases === undefined || self === undefined) return
    for (const repositoryId of this.#held) {
      const holder: string = await leases.claim(`writer ${repositoryId}`, self).catch(() => self)
      if (holder !== self) this.#held.delete(repositoryId)
    }
  }
}

function urlOf(holder: string): string {
  return holder.slice(holder.indexOf(' ') + 1)
}
