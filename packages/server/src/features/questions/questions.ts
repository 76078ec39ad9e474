import type { Clock } from '@holdfast/engine'
import type { AskedQuestion, Question, QuestionAnswer } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { AgentActor } from '../../http/actor.ts'
import type { WorkBell } from '../runs/work-bell.ts'
import type { Listeners } from './listeners.ts'
import type { QuestionLimits, QuestionStore } from './store.ts'

/** An agent that is connected hears of a question within this time. */
const HEARD_WITHIN_MS = 8000
const ANSWERED_WITHIN_MS = 25_000
/** Nobody waits any more for what is older. */
const LIFE_MS = 60_000
/** How often the database is asked for answers that other processes took. */
const POLL_MS = 400
const LIMITS: QuestionLimits = { ofClient: 8, open: 100 }

export interface QuestionsOptions {
  readonly store: QuestionStore
  readonly listeners: Listeners
  readonly bell: WorkBell
  readonly clock: Clock
  /** Whether agents may be connected to other servers on the same database. */
  readonly isShared: boolean
}

/** A client to ask, with the name that people know it by. */
export interface AskedClient {
  readonly id: number
  readonly name: string
}

/** What people want to know of machines, on its way to their agents and back. */
export class Questions {
  readonly #options: QuestionsOptions
  readonly #waiting = new Map<number, () => void>()
  #stopUpkeep: (() => void) | undefined
  #isClosed = false

  constructor(options: QuestionsOptions) {
    this.#options = options
  }

  /** Clears up from now on what processes that died have left. */
  start(): void {
    this.#stopUpkeep ??= this.#options.clock.every(LIFE_MS, () => void this.#clearUp().catch(() => undefined))
  }

  async stop(): Promise<void> {
    this.#stopUpkeep?.()
    this.close()
  }

  /** Nobody waits for an answer any more: the server stops. */
  close(): void {
    this.#isClosed = true
    for (const wake of [...this.#waiting.values()]) wake()
  }

  /**
   * Asks the agent of a client and waits for the answer.
   * @throws {ServerError} `client.not-connected` when it is away or does not answer in time, `request.too-many`, `server.unavailable`.
   */
  async ask(client: AskedClient, question: Question, signal: AbortSignal): Promise<QuestionAnswer> {
    const { store, listeners, bell, clock } = this.#options
    if (!(await listeners.has(client.id))) throw notConnected(client, 'its agent is not connected, or is older than this server')
    await this.#clearUp()
    const id = await store.add(client.id, question, { now: clock.now(), limits: LIMITS })
    if (id === undefined)
      throw new ServerError('request.too-many', `Cannot ask ${client.name} now: too many questions wait already`, { retryAfterSeconds: 5 })
    try {
      bell.ring(client.id)
      return await this.#wait(id, client, signal)
    } finally {
      await store.remove(id)
    }
  }

  /** The oldest question for a client, which hears of it now. */
  async take(clientId: number): Promise<AskedQuestion | undefined> {
    const { store, clock } = this.#options
    const now = clock.now()
    const row = await store.take(clientId, { now, since: now - HEARD_WITHIN_MS })
    return row && { id: row.id, question: JSON.parse(row.question) as Question }
  }

  /** Waits up to `waitMs` for a question. */
  async claim(
    { clientId }: AgentActor,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<AskedQuestion | undefined> {
    const { bell, clock } = this.#options
    const deadline = clock.now() + waitMs
    for (;;) {
      if (signal.aborted) return undefined
      const asked = await this.take(clientId)
      const restMs = Math.min(deadline - clock.now(), waitMs)
      if (asked !== undefined || restMs <= 0 || bell.isClosed) return asked
      await bell.wait(clientId, { waitMs: restMs, signal })
    }
  }

  /**
   * Takes what an agent says.
   * @throws {ServerError} `not-found` for questions of others and those that nobody waits for; `request.invalid` for what is no answer.
   */
  async answer({ clientId }: AgentActor, id: number, answer: QuestionAnswer): Promise<void> {
    const { store } = this.#options
    const question = await store.taken(id, clientId)
    if (question === undefined) throw notFound(`the question ${id}`)
    if (!fits(question, answer)) {
      throw new ServerError('request.invalid', `Cannot take the answer to question ${id}: it answers something else`)
    }
    await store.answer(id, answer)
    this.#waiting.get(id)?.()
  }

  async #wait(id: number, client: AskedClient, signal: AbortSignal): Promise<QuestionAnswer> {
    const { store, clock, isShared } = this.#options
    const askedAt = clock.now()
    try {
      for (;;) {
        const woken = new AbortController()
        // Before it is looked: an answer that comes during the look must not go unheard.
        this.#waiting.set(id, () => woken.abort())
        const state = await store.state(id)
        if (state?.answer !== undefined) return state.answer
        const limitMs = state?.isTaken === true ? ANSWERED_WITHIN_MS : HEARD_WITHIN_MS
        // A clock that was set, either way, says nothing about the time that has passed: then it is over.
        const restMs = limitMs - Math.abs(clock.now() - askedAt)
        if (state === undefined || restMs <= 0) throw notConnected(client, 'its agent does not answer in time')
        if (signal.aborted) throw notConnected(client, 'nobody waits for the answer any more')
        if (this.#isClosed) throw new ServerError('server.unavailable', `Cannot wait for ${client.name}: the server stops`)
        const waitMs = isShared ? Math.min(POLL_MS, restMs) : restMs
        await clock.sleep(waitMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
      }
    } finally {
      this.#waiting.delete(id)
    }
  }

  async #clearUp(): Promise<void> {
    const { store, clock } = this.#options
    await store.removeOlder(clock.now() - LIFE_MS)
  }
}

function fits(question: Question, answer: QuestionAnswer): boolean {
  if (answer.kind === 'failure') return true
  if (question.kind === 'folder') return answer.kind === (question.path === null ? 'roots' : 'folder')
  return answer.kind === question.kind
}

function notConnected({ name }: AskedClient, state: string): ServerError {
  return new ServerError('client.not-connected', `Cannot ask ${name}: ${state}`)
}
