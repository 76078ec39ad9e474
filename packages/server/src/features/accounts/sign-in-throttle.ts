import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Clock } from '@holdfast/engine'
import { isServerError, ServerError } from '../../errors.ts'

const WINDOW_MS = 15 * 60_000
const FAILURES_PER_PAIR = 10
const FAILURES_PER_USERNAME = 30
const FAILURES_PER_ADDRESS = 100
/** Of a user who is signed in and is asked for the password again. */
const FAILURES_PER_CONFIRMATION = 10
/** Attempts that may wait for their turn or be under way at once: each that is costs a hash of 19 MiB. */
const WAITING_MAX = 100

/** The slice of a store that the throttle counts in. */
export interface FailureCounts {
  /** The counts that are not forgotten yet, of those of `keys` that have one. */
  count(
    keys: readonly string[],
    now: number,
  ): Promise<readonly { readonly key: string; readonly count: number; readonly forgotten_at: number }[]>
  /** Counts one more; a count that is forgotten at `now` begins anew and lasts until `until`. Gives the count. */
  add(key: string, times: { readonly now: number; readonly until: number }): Promise<number>
  forget(key: string): Promise<void>
}

/** What is counted together, and how many failures it may have within a quarter of an hour. */
interface Limit {
  readonly key: string
  readonly failuresMax: number
  readonly code: 'auth.locked' | 'request.too-many'
}

/**
 * Slows down those who guess. Failures are counted in the database, so that all server processes count together: of a name from one
 * address (so that a stranger does not lock anybody out), of a name from everywhere (so that many addresses do not help), and of an
 * address. A count is forgotten a quarter of an hour after its first failure. Attempts of one name from one address are made one after
 * the other, so that guessing many times at once does not help either.
 */
export class SignInThrottle {
  readonly #counts: FailureCounts
  readonly #clock: Clock
  readonly #turns = new Map<string, Promise<unknown>>()
  #waiting = 0

  constructor(counts: FailureCounts, clock: Clock) {
    this.#counts = counts
    this.#clock = clock
  }

  /**
   * Carries out `action`, which fails with `auth.failed` when the attempt was in vain.
   * @throws {ServerError} `auth.locked`, `request.too-many`, and what `action` throws.
   */
  signIn<Result>(
    { username, address, onLocked }: { readonly username: string; readonly address: string; readonly onLocked: () => Promise<void> },
    action: () => Promise<Result>,
  ): Promise<Result> {
    const network = networkOf(address)
    const limits: readonly Limit[] = [
      { key: keyOf('pair', username, network), failuresMax: FAILURES_PER_PAIR, code: 'auth.locked' },
      { key: keyOf('username', username), failuresMax: FAILURES_PER_USERNAME, code: 'auth.locked' },
      { key: keyOf('address', network), failuresMax: FAILURES_PER_ADDRESS, code: 'request.too-many' },
    ]
    return this.#inTurn(limits, { action, onLocked })
  }

  /** The same for somebody who is signed in: counted apart, so that a stolen session cannot lock its owner out. */
  confirm<Result>(userId: number, action: () => Promise<Result>): Promise<Result> {
    const limit = { key: keyOf('confirm', String(userId)), failuresMax: FAILURES_PER_CONFIRMATION, code: 'auth.locked' } as const
    return this.#inTurn([limit], { action, onLocked: async () => undefined })
  }

  async #inTurn<Result>(limits: readonly Limit[], attempt: Attempt<Result>): Promise<Result> {
    if (this.#waiting >= WAITING_MAX) {
      throw new ServerError('request.too-many', 'Cannot sign in: too many others do at this moment', { retryAfterSeconds: 1 })
    }
    const key = limits[0]?.key ?? ''
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(() => this.#counted(limits, attempt))
    const settled = turn.catch(() => undefined)
    this.#turns.set(key, settled)
    this.#waiting++
    try {
      return await turn
    } finally {
      this.#waiting--
      if (this.#turns.get(key) === settled) this.#turns.delete(key)
    }
  }

  async #counted<Result>(limits: readonly Limit[], { action, onLocked }: Attempt<Result>): Promise<Result> {
    const now = this.#clock.now()
    const [own] = limits
    const keys = limits.map(({ key }) => key)
    const counts = new Map((await this.#counts.count(keys, now)).map((row) => [row.key, row]))
    for (const { key, failuresMax, code } of limits) {
      const row = counts.get(key)
      if (row !== undefined && row.count >= failuresMax) throw tooMany(code, row.forgotten_at - now)
    }
    try {
      const result = await action()
      if (own !== undefined && counts.has(own.key)) await this.#counts.forget(own.key)
      return result
    } catch (error) {
      if (isServerError(error, 'auth.failed') && (await this.#addFailure(limits))) await onLocked()
      throw error
    }
  }

  /** Gives whether this failure was the last that is let pass. */
  async #addFailure(limits: readonly Limit[]): Promise<boolean> {
    const now = this.#clock.now()
    let isLast = false
    for (const { key, failuresMax } of limits) {
      const count = await this.#counts.add(key, { now, until: now + WINDOW_MS })
      isLast ||= count === failuresMax
    }
    return isLast
  }
}

interface Attempt<Result> {
  readonly action: () => Promise<Result>
  /** Called for the failure after which further attempts are refused. */
  readonly onLocked: () => Promise<void>
}

function tooMany(code: Limit['code'], leftMs: number): ServerError {
  const what = code === 'auth.locked' ? 'the account is locked' : 'your network is refused'
  const message = `Cannot sign in: ${what} for ${Math.ceil(leftMs / 60_000)} minutes after too many failed attempts`
  return new ServerError(code, message, { retryAfterSeconds: Math.ceil(leftMs / 1000) })
}

function keyOf(kind: string, ...parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, ...parts.map((part) => part.toLowerCase())]))
    .digest('hex')
}

/** What one attacker has to itself: an IPv4 address, but 64 bits of addresses in IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(canonical)
  if (mapped !== null) {
    const bits = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? '0', 16))
    return bits.flatMap((part) => [part >> 8, part & 0xff]).join('.')
  }
  const [head = '', tail] = canonical.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...first, ...new Array(8 - first.length - last.length).fill('0'), ...last]
  return `${groups.slice(0, 4).join(':')}::/64`
}
