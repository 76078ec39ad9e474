/** Lets calls pass side by side, and now and then one that must be alone: it waits for those under way, and holds up the others. */
export class CallGate {
  #underWay = 0
  #closed: Promise<void> | undefined
  #tellIdle: (() => void) | undefined

  async pass<Result>(call: () => Promise<Result>): Promise<Result> {
    while (this.#closed !== undefined) await this.#closed
    this.#underWay++
    try {
      return await call()
    } finally {
      this.#underWay--
      if (this.#underWay === 0) this.#tellIdle?.()
    }
  }

  async alone<Result>(action: () => Promise<Result>): Promise<Result> {
    while (this.#closed !== undefined) await this.#closed
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closed = promise
    try {
      if (this.#underWay > 0) {
        await new Promise<void>((idle) => {
          this.#tellIdle = idle
        })
      }
      return await action()
    } finally {
      this.#tellIdle = undefined
      this.#closed = undefined
      resolve()
    }
  }
}
