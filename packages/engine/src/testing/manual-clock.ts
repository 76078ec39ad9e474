import type { Clock } from '../host/clock.ts'

/** A clock that stands still but for `sleep`, which moves it on at once. */
export class ManualClock implements Clock {
  /** The lengths of all sleeps. */
  readonly sleptMs: number[] = []
  readonly #repeated = new Set<{ readonly intervalMs: number; readonly action: () => void }>()
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

  every(intervalMs: number, action: () => void): () => void {
    const entry = { intervalMs, action }
    this.#repeated.add(entry)
    return () => this.#repeated.delete(entry)
  }

  /** Carries out everything repeated once, as if its interval had passed. */
  tick(): void {
    for (const { action } of [...this.#repeated]) action()
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.sleptMs.push(durationMs)
    this.#nowMs += durationMs
    await new Promise(setImmediate)
    signal?.throwIfAborted()
  }
}
