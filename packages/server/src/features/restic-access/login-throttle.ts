import type { Clock } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'

interface Failures {
  count: number
  readonly sinceMs: number
}

const WINDOW_MS = 60_000
/** Of one name from one address. */
const FAILURES_PER_NAME = 10
/** Of all names from one address: there may be many clients behind it. */
const FAILURES_PER_ADDRESS = 100
/** Beyond this the oldest are forgotten, so that nobody fills the memory with names. */
const KEYS_MAX = 10_000

/** Slows down those who guess passwords: after some failures within a minute nothing is looked at until it is over. */
export class LoginThrottle {
  readonly #clock: Clock
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws {ServerError} `request.too-many` */
  demand(address: string, username: string): void {
    this.#demand(keyOf(address, username), FAILURES_PER_NAME)
    this.#demand(address, FAILURES_PER_ADDRESS)
  }

  /** Notes a failure. */
  failed(address: string, username: string): void {
    this.#add(keyOf(address, username))
    this.#add(address)
  }

  #demand(key: string, countMax: number): void {
    const failures = this.#failures.get(key)
    if (failures === undefined || failures.count < countMax) return
    const leftMs = failures.sinceMs + WINDOW_MS - this.#clock.now()
    if (leftMs <= 0) this.#failures.delete(key)
    else throw tooMany(leftMs)
  }

  #add(key: string): void {
    const now = this.#clock.now()
    const failures = this.#failures.get(key)
    if (failures !== undefined && now < failures.sinceMs + WINDOW_MS) {
      failures.count++
      return
    }
    this.#failures.delete(key)
    this.#failures.set(key, { count: 1, sinceMs: now })
    const [oldest] = this.#failures.size > KEYS_MAX ? this.#failures.keys() : []
    if (oldest !== undefined) this.#failures.delete(oldest)
  }
}

function keyOf(address: string, username: string): string {
  return JSON.stringify([address, username.slice(0, 200)])
}

function tooMany(leftMs: number): ServerError {
  return new ServerError('request.too-many', 'Cannot sign in: too many wrong passwords in the last minute', {
    retryAfterSeconds: Math.ceil(leftMs / 1000),
  })
}
