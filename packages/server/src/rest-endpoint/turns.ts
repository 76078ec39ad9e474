/** Lets actions on the same thing happen one after another; those on other things do not wait. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `action` when all before it on `key` have ended, however they ended. */
  async take<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(action)
    const settled = mine.then(
      () => undefined,
      () => undefined,
    )
    this.#last.set(key, settled)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}
