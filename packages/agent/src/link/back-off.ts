import { randomFraction } from '@holdfast/engine'

const FIRST_MS = 1000
const LAST_MS = 120_000

/** Pauses between attempts: each about twice as long as the one before, up to a bound, and of random length so that agents spread out. */
export class BackOff {
  #baseMs = FIRST_MS

  /** The next pause, in milliseconds. `atLeastMs` is what the other side asks for, and is kept within bounds. */
  next(atLeastMs = 0): number {
    const pauseMs = jittered(this.#baseMs)
    this.#baseMs = Math.min(this.#baseMs * 2, LAST_MS)
    return Math.max(pauseMs, Math.min(atLeastMs, LAST_MS))
  }

  /** Starts over, after a success. */
  reset(): void {
    this.#baseMs = FIRST_MS
  }
}

/** Half of it to all of it. */
export function jittered(durationMs: number): number {
  return durationMs * (0.5 + randomFraction() / 2)
}
