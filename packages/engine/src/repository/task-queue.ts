/**
 * Runs a bounded number of asynchronous tasks at once. The first failure is kept: it rejects every later {@link TaskQueue.add} and
 * {@link TaskQueue.drain}, so that no failure is lost and no work is piled upon one.
 */
export class TaskQueue {
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(limit: number) {
    this.#limit = Math.max(1, limit)
  }

  /** Starts `task` as soon as there is room; resolves when it has started, not when it has ended. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running)
    this.#throwFailure()
    const running = task()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when all tasks that have started by now have ended well, whatever is added meanwhile. */
  async drainCurrent(): Promise<void> {
    await Promise.all([...this.#running])
    this.#throwFailure()
  }

  /** Resolves when all tasks have ended well. */
  async drain(): Promise<void> {
    await this.settle()
    this.#throwFailure()
  }

  /** Resolves when all tasks have ended, well or not. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
