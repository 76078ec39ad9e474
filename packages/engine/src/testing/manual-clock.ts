import type { Clock } from '../host/clock.ts'

/** A clock that stands still but for `sleep`, which moves it on at once. */
export class ManualClock implements Clock {
  /** The lengths of all sleeps. */
  readonly sleptMs: number[] = []
  #nowMs: number

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  advance(durationMs: number): void {
    this.#nowMs += durationMs
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.sleptMs.push(durationMs)
    this.#nowMs += durationMs
    await new Promise(setImmediate)
    signal?.throwIfAborted()
  }
}
