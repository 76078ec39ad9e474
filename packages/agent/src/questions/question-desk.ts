import type { Clock } from '@holdfast/engine'
import type { AskedQuestion } from '@holdfast/protocol'
import { isAgentError } from '../errors.ts'
import { BackOff, jittered } from '../link/back-off.ts'
import type { ServerLink } from '../link/server-link.ts'
import type { MachinePolicy } from '../runner/machine-policy.ts'
import { answerQuestion } from './answer-question.ts'

/** Questions that are answered at once; the server keeps others back. */
const AT_ONCE_MAX = 4
const WAIT_SECONDS = 50
const LEAST_WAIT_MS = 1000
const ASK_AGAIN_MS = 10_000
const LOOK_FOR_ROOM_MS = 500

export interface QuestionDeskOptions {
  readonly link: Pick<ServerLink, 'claimQuestion' | 'answer'>
  readonly clock: Clock
  /** What the machine's owner allows; asked for each question. */
  readonly policy: () => Promise<MachinePolicy>
}

/** Answers questions of the server, beside whatever else the agent does. */
export class QuestionDesk {
  readonly #options: QuestionDeskOptions
  #atWork = 0

  constructor(options: QuestionDeskOptions) {
    this.#options = options
  }

  /** Whether another question can be taken now. */
  get hasRoom(): boolean {
    return this.#atWork < AT_ONCE_MAX
  }

  /** Answers a question in its own time. */
  take(asked: AskedQuestion, signal: AbortSignal): void {
    this.#atWork++
    void this.#answer(asked, signal).finally(() => this.#atWork--)
  }

  /** Takes questions until `signal` is aborted: for as long as the agent asks for no run. */
  async listen(signal: AbortSignal): Promise<void> {
    const { link, clock } = this.#options
    const backOff = new BackOff()
    while (!signal.aborted) {
      let pauseMs = 0
      const askedAt = clock.now()
      try {
        const asked = this.hasRoom ? await link.claimQuestion(WAIT_SECONDS, signal) : undefined
        backOff.reset()
        if (asked === undefined) pauseMs = LOOK_FOR_ROOM_MS
        else if (asked !== null) this.take(asked, signal)
        else if (clock.now() - askedAt < LEAST_WAIT_MS) pauseMs = jittered(ASK_AGAIN_MS)
      } catch (error) {
        // A server that is away is told of where something depends on it; an older one asks nothing.
        if (signal.aborted || isAgentError(error, 'link.refused')) return
        if (!isAgentError(error)) throw error
        pauseMs = backOff.next(error.retryAfterMs)
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined)
    }
  }

  /** Never rejects: whoever asked waits only so long, and asks again. */
  async #answer({ id, question }: AskedQuestion, signal: AbortSignal): Promise<void> {
    const { link, clock, policy } = this.#options
    try {
      await link.answer(id, await answerQuestion(question, { policy, clock, signal }), signal)
    } catch {
      // The server is away, or nobody waits for the answer any more.
    }
  }
}
