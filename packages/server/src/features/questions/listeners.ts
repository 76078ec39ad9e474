import type { Clock } from '@holdfast/engine'
import type { QuestionStore } from './store.ts'

/** Between two requests an agent is there all the same. */
const GRACE_MS = 15_000
const CLIENTS_MAX = 100_000

export interface ListenersOptions {
  readonly store: QuestionStore
  readonly clock: Clock
  /** Whether agents may be connected to other servers on the same database. */
  readonly isShared: boolean
}

/** Which agents are connected and take questions. */
export class Listeners {
  readonly #options: ListenersOptions
  readonly #until = new Map<number, number>()

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  /** The agent of a client waits for questions now, for so long. */
  async come(clientId: number, waitMs: number): Promise<void> {
    const { store, clock, isShared } = this.#options
    const until = clock.now() + waitMs + GRACE_MS
    if (this.#until.size >= CLIENTS_MAX) this.#forgetGone()
    this.#until.set(clientId, until)
    if (isShared) await store.setListening(clientId, until)
  }

  /** Its connection broke before there was an answer. */
  async leave(clientId: number): Promise<void> {
    this.#until.delete(clientId)
    if (this.#options.isShared) await this.#options.store.setListening(clientId, 0)
  }

  async has(clientId: number): Promise<boolean> {
    const { store, clock, isShared } = this.#options
    if ((this.#until.get(clientId) ?? 0) > clock.now()) return true
    return isShared && (await store.listensUntil(clientId)) > clock.now()
  }

  #forgetGone(): void {
    const now = this.#options.clock.now()
    for (const [clientId, until] of this.#until) if (until <= now) this.#until.delete(clientId)
  }
}
