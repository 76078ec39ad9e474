import { type Clock, messageOf } from '@holdfast/engine'
import {
  type AskedQuestion,
  claimedQuestionSchema,
  claimedSchema,
  clientTokenSchema,
  type Enrol,
  type Enrolled,
  enrolledSchema,
  type FinishRun,
  type LogEntry,
  type Machine,
  type OwnRestore,
  type OwnSnapshots,
  ownSnapshotsSchema,
  type Pong,
  type Problem,
  pongSchema,
  problemSchema,
  type QuestionAnswer,
  type Register,
  type RunEvents,
  type RunOrder,
  runEventsAnswerSchema,
  runOrderSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { AgentError } from '../errors.ts'
import { HttpUploadLink, type UploadReply } from '../runner/upload-link.ts'
import { CallGate } from './call-gate.ts'

const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const CALL_TIMEOUT_MS = 60_000
/** A token goes into a header. */
const givenTokenSchema = clientTokenSchema.extend({ token: z.string().regex(/^[\x21-\x7e]{1,500}$/) })

export interface ServerLinkOptions {
  readonly serverUrl: string
  /** The token in force; undefined before there is one. */
  readonly token: () => string | undefined
  readonly clock: Clock
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly certificateAuthority?: string | undefined
}

/**
 * What an agent and its server say to each other, one call each.
 * @throws {AgentError} of every method: `link.unreachable` for what may pass, `link.unauthorised`, `link.disabled`, `link.refused`,
 *   `link.outdated`. The signal's reason when aborted.
 */
export class ServerLink implements Disposable {
  readonly serverUrl: string
  readonly #http: HttpUploadLink
  readonly #gate = new CallGate()

  constructor({ serverUrl, token, clock, certificateAuthority }: ServerLinkOptions) {
    this.serverUrl = serverUrl.replace(/\/+$/, '')
    this.#http = new HttpUploadLink({ serverUrl: this.serverUrl, token: () => token() ?? '', clock, certificateAuthority })
  }

  enrol(request: Enrol): Promise<Enrolled> {
    return this.#ask('/agent/v1/enrol', { body: request, answer: enrolledSchema })
  }

  register(request: Register): Promise<Enrolled> {
    return this.#ask('/agent/v1/register', { body: request, answer: enrolledSchema })
  }

  ping(machine: Machine, signal: AbortSignal): Promise<Pong> {
    return this.#ask('/agent/v1/ping', { body: machine, answer: pongSchema, signal })
  }

  /**
   * Takes a new token, has it kept, and uses it once: with that it is in force and the old one is not. No other call is under way
   * meanwhile, which would come with the old one. What `keep` rejects with is passed on, and the old one stays in force.
   */
  renewToken(
    machine: Machine,
    { keep, signal }: { readonly keep: (token: string) => Promise<void>; readonly signal: AbortSignal },
  ): Promise<void> {
    return this.#gate.alone(async () => {
      const answer = await this.#callNow('/agent/v1/token', { body: {}, signal })
      await keep(this.#understand(answer, givenTokenSchema).token)
      await this.#callNow('/agent/v1/ping', { body: machine, signal })
    })
  }

  async sendLogs(entries: readonly LogEntry[], signal: AbortSignal): Promise<void> {
    await this.#call('/agent/v1/logs', { body: { entries }, signal })
  }

  /** Waits up to `waitSeconds` for a run, and for a question if the agent can answer one. */
  claim(
    request: { readonly waitSeconds: number; readonly instance: string; readonly answersQuestions: boolean },
    signal: AbortSignal,
  ): Promise<z.output<typeof claimedSchema>> {
    const timeoutMs = CALL_TIMEOUT_MS + request.waitSeconds * 1000
    return this.#ask('/agent/v1/runs/claim', { body: request, answer: claimedSchema, signal, timeoutMs })
  }

  /** Waits up to `waitSeconds` for a question alone, while the agent can take no run; null when there is none. */
  async claimQuestion(waitSeconds: number, signal: AbortSignal): Promise<AskedQuestion | null> {
    const timeoutMs = CALL_TIMEOUT_MS + waitSeconds * 1000
    const path = '/agent/v1/questions/claim'
    return (await this.#ask(path, { body: { waitSeconds }, answer: claimedQuestionSchema, signal, timeoutMs })).question
  }

  async answer(questionId: number, answer: QuestionAnswer, signal: AbortSignal): Promise<void> {
    await this.#call(`/agent/v1/questions/${questionId}`, { body: { ...answer }, signal })
  }

  /** The snapshots of this machine, newest first. */
  snapshots(signal: AbortSignal): Promise<OwnSnapshots> {
    return this.#ask('/agent/v1/snapshots', { method: 'GET', body: undefined, answer: ownSnapshotsSchema, signal })
  }

  /** Begins a restore that this machine asks for. */
  beginRestore(request: OwnRestore, signal: AbortSignal): Promise<RunOrder> {
    return this.#ask('/agent/v1/restores', { body: { ...request }, answer: runOrderSchema, signal })
  }

  sendEvents(runId: number, events: RunEvents, signal?: AbortSignal): Promise<z.output<typeof runEventsAnswerSchema>> {
    return this.#ask(`/agent/v1/runs/${runId}/events`, { body: { ...events }, answer: runEventsAnswerSchema, signal })
  }

  async finish(runId: number, outcome: FinishRun, signal?: AbortSignal): Promise<void> {
    await this.#call(`/agent/v1/runs/${runId}/finish`, { body: { ...outcome }, signal })
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]()
  }

  async #ask<Schema extends z.ZodType>(path: string, call: Call & { readonly answer: Schema }): Promise<z.output<Schema>> {
    return this.#understand(await this.#call(path, call), call.answer)
  }

  #understand<Schema extends z.ZodType>(text: string, answer: Schema): z.output<Schema> {
    try {
      return answer.parse(JSON.parse(text))
    } catch (cause) {
      throw new AgentError('link.outdated', `Cannot understand ${this.serverUrl}: its answer has another form than expected`, { cause })
    }
  }

  #call(path: string, call: Call): Promise<string> {
    return this.#gate.pass(() => this.#callNow(path, call))
  }

  async #callNow(path: string, { method = 'POST', body, signal, timeoutMs = CALL_TIMEOUT_MS }: Call): Promise<string> {
    const timeout = AbortSignal.timeout(timeoutMs)
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    let reply: UploadReply
    let text: string
    try {
      reply = await this.#http.call({ method, path, body, signal: either })
      text = await readAnswer(reply)
    } catch (cause) {
      signal?.throwIfAborted()
      const state = timeout.aborted ? 'it does not answer in time' : messageOf(cause)
      throw new AgentError('link.unreachable', `Cannot reach ${this.serverUrl}: ${state}`, { cause })
    }
    if (reply.status >= 200 && reply.status < 300) return text
    throw this.#failure(reply, text)
  }

  #failure({ status, retryAfterSeconds }: UploadReply, text: string): AgentError {
    const problem = problemOf(text)
    // A hostile server's words may be of any length.
    const detail = problem?.detail.slice(0, 500) ?? `it answers with status ${status}`
    const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000
    if (status === 401) return new AgentError('link.unauthorised', `Not let in by ${this.serverUrl}: ${detail}`)
    if (problem?.code === 'client.disabled') {
      return new AgentError('link.disabled', `Paused by ${this.serverUrl}: ${detail}`, { retryAfterMs })
    }
    if (status === 426) return new AgentError('link.outdated', `Cannot work with ${this.serverUrl}: ${detail}`)
    if (status === 408 || status === 429 || status >= 500) {
      return new AgentError('link.unreachable', `Cannot be served by ${this.serverUrl} now: ${detail}`, { retryAfterMs })
    }
    return new AgentError('link.refused', `Refused by ${this.serverUrl}: ${detail}`)
  }
}

interface Call {
  readonly method?: 'GET' | 'POST'
  readonly body: Readonly<Record<string, unknown>> | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
}

async function readAnswer({ body }: UploadReply): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of body) {
    sizeBytes += piece.length
    if (sizeBytes > ANSWER_BYTES_MAX) throw new Error('its answer is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** The problem details of an answer; undefined for an answer of somebody between us and the server. */
function problemOf(text: string): Problem | undefined {
  try {
    return problemSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
