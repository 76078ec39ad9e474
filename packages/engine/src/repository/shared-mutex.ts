import assert from 'node:assert'

const FREE = 0
const HELD = 1
const CONTENDED = 2

/** How long a thread waits before it takes the holder for dead: critical sections last microseconds, growth of a huge table seconds. */
const GIVE_UP_MS = 120_000

/** A lock for threads in one word of shared memory (a futex in the manner of Drepper's "Futexes Are Tricky"). Not reentrant. */
export class SharedMutex {
  readonly #words: Int32Array
  readonly #index: number

  constructor(words: Int32Array, index: number) {
    this.#words = words
    this.#index = index
  }

  lock(): void {
    if (Atomics.compareExchange(this.#words, this.#index, FREE, HELD) === FREE) return
    while (Atomics.exchange(this.#words, this.#index, CONTENDED) !== FREE) {
      const outcome = Atomics.wait(this.#words, this.#index, CONTENDED, GIVE_UP_MS)
      assert(outcome !== 'timed-out', 'a thread died while it held the lock of shared memory')
    }
  }

  unlock(): void {
    if (Atomics.exchange(this.#words, this.#index, FREE) === CONTENDED) Atomics.notify(this.#words, this.#index, 1)
  }
}
