import type { LogLevel } from '@holdfast/protocol'

/** Outages that are told of; a server that comes and goes all the time would fill the log. */
const TOLD_MAX = 20

/** One call, with all its repetitions. Disposed of when it is over, whichever way. */
export interface WatchedCall extends Disposable {
  failed(message: string): void
  answered(): void
}

/**
 * Tells of a server that is away: once when the first of the calls that are made side by side fails, and once when all of those that
 * failed have their answer.
 */
export class Outage {
  readonly #log: (level: LogLevel, message: string) => void
  /** Calls that failed and are tried again. */
  #waiting = 0
  #isOn = false
  #count = 0

  constructor(log: (level: LogLevel, message: string) => void) {
    this.#log = log
  }

  watch(): WatchedCall {
    let isWaiting = false
    const leave = (): void => {
      if (isWaiting) this.#waiting--
      isWaiting = false
    }
    return {
      failed: (message) => {
        if (!isWaiting) this.#waiting++
        isWaiting = true
        this.#begin(message)
      },
      answered: () => {
        leave()
        if (this.#waiting === 0) this.#end()
      },
      // A call that is given up says nothing of the server.
      [Symbol.dispose]: leave,
    }
  }

  #begin(message: string): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#count++
    if (this.#count <= TOLD_MAX) this.#log('warning', `${message}; trying again`)
    else if (this.#count === TOLD_MAX + 1) this.#log('warning', `${message}; trying again, as from now on without a word`)
  }

  #end(): void {
    if (!this.#isOn) return
    this.#isOn = false
    if (this.#count <= TOLD_MAX) this.#log('info', 'The server answers again; the work goes on')
  }
}
