import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type Clock, ENGINE_ERRORS, EngineError, type EngineErrorCode, messageOf, secureRandom } from '@holdfast/engine'
import { AgentError, type AgentErrorCode } from '../errors.ts'
import type { Outage } from './outage.ts'

/** One call of the server. */
export interface UploadCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the server's address: `/agent/v1/uploads`. */
  readonly path: string
  /** JSON, or bytes as they are. */
  readonly body: Uint8Array | Readonly<Record<string, unknown>> | undefined
  readonly signal?: AbortSignal | undefined
}

/** The way to the server. An answer of any status is an answer; a call rejects only when there was none. */
export interface UploadLink {
  readonly location: string
  readonly clock: Clock
  call(call: UploadCall): Promise<UploadReply>
}

export interface UploadReply {
  readonly status: number
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterSeconds: number | undefined
  readonly body: AsyncIterable<Buffer>
}

export interface HttpUploadLinkOptions {
  readonly serverUrl: string
  /** The token in force; asked for before each call, so that it may be replaced. Empty while there is none. */
  readonly token: () => string
  readonly clock: Clock
  /** Awaited before each piece of a body, to keep within a bandwidth. */
  readonly pace?: ((direction: 'upload', sizeBytes: number) => Promise<void>) | undefined
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly certificateAuthority?: string | undefined
}

/** Connections that are kept for the next call. */
const CONNECTIONS_MAX = 16
/** A server that says nothing for so long is gone. */
const SILENCE_TIMEOUT_MS = 120_000
const PIECE_BYTES = 256 * 1024

/** The way to a server by HTTP or HTTPS. */
export class HttpUploadLink implements UploadLink, Disposable {
  readonly location: string
  readonly clock: Clock
  readonly #options: HttpUploadLinkOptions
  readonly #agent: HttpAgent
  readonly #isSecure: boolean

  constructor(options: HttpUploadLinkOptions) {
    this.#options = options
    this.location = options.serverUrl
    this.clock = options.clock
    this.#isSecure = new URL(options.serverUrl).protocol === 'https:'
    const settings = { keepAlive: true, maxSockets: CONNECTIONS_MAX }
    const { certificateAuthority } = options
    this.#agent = this.#isSecure
      ? new HttpsAgent({ ...settings, ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }) })
      : new HttpAgent(settings)
  }

  async call({ method, path, body, signal }: UploadCall): Promise<UploadReply> {
    signal?.throwIfAborted()
    const isBytes = body instanceof Uint8Array
    const content = body === undefined ? Buffer.alloc(0) : isBytes ? viewOf(body) : Buffer.from(JSON.stringify(body))
    const request = this.#isSecure ? httpsRequest : httpRequest
    const token = this.#options.token()
    const base = this.location.replace(/\/+$/, '')
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(`${base}${path}`, {
        method,
        agent: this.#agent,
        timeout: SILENCE_TIMEOUT_MS,
        headers: {
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
          'content-length': content.length,
        },
        ...(signal === undefined ? {} : { signal }),
      } satisfies RequestOptions)
      outgoing.on('timeout', () => outgoing.destroy(new Error('the server does not answer')))
      outgoing.on('response', resolve)
      outgoing.on('error', reject)
      this.#write(outgoing, content).catch(reject)
    })
    const retryAfter = Number(response.headers['retry-after'])
    return { status: response.statusCode ?? 0, retryAfterSeconds: retryAfter > 0 ? retryAfter : undefined, body: response }
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  async #write(outgoing: ReturnType<typeof httpRequest>, content: Buffer): Promise<void> {
    const { pace } = this.#options
    for (let from = 0; pace !== undefined && from < content.length; from += PIECE_BYTES) {
      const piece = content.subarray(from, from + PIECE_BYTES)
      await pace('upload', piece.length)
      if (outgoing.destroyed) return
      outgoing.write(piece)
    }
    if (pace === undefined) outgoing.end(content)
    else outgoing.end()
  }
}

export interface RetryOptions {
  /** Keep trying for so long while the server cannot be reached. */
  readonly retryForMs?: number
  /** Told of calls that fail and are tried again; one for all calls that are made side by side. */
  readonly outage?: Outage | undefined
}

const FIRST_PAUSE_MS = 500
const LAST_PAUSE_MS = 60_000
const RETRY_FOR_MS = 10 * 60_000

/** The upload is gone, with the server's process or by its maintenance: everything has to be begun anew, and little is sent again. */
export class UploadLostError extends Error {
  override readonly name = 'UploadLostError'
}

/**
 * Does a call, again and again while the server cannot be reached or says that it cannot now, with pauses that grow and differ by chance.
 * `again` is done before each repetition: what has arrived need not be sent twice.
 * @throws {EngineError} what the engine says of the repository on the server, by its own code; else `storage.unavailable` when time is up.
 * @throws {AgentError} `run.over-quota`, `link.unauthorised`, `link.disabled`, `link.refused` for what the server itself refuses.
 * @throws {UploadLostError}
 */
export async function callPatiently(
  link: UploadLink,
  call: UploadCall,
  options: RetryOptions & { readonly again?: () => Promise<UploadCall | undefined> },
): Promise<Buffer> {
  const until = link.clock.now() + (options.retryForMs ?? RETRY_FOR_MS)
  using watched = options.outage?.watch()
  let next = call
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    const outcome = await attempt(link, next)
    if ('body' in outcome) {
      watched?.answered()
      return outcome.body
    }
    if (link.clock.now() + pauseMs > until) throw outcome.failure
    watched?.failed(outcome.failure.message)
    await link.clock.sleep(Math.max(outcome.afterMs, jittered(pauseMs)), call.signal)
    if (options.again === undefined) continue
    const changed = await options.again()
    if (changed === undefined) return Buffer.alloc(0)
    next = changed
  }
}

/** Does a call whose answer comes in pieces. A failure is for the caller to repeat. */
export async function callForStream(link: UploadLink, call: UploadCall): Promise<AsyncIterable<Buffer>> {
  const reply = await link.call(call)
  if (reply.status === 200) return reply.body
  throw refusal(call, { status: reply.status, body: Buffer.concat(await Array.fromAsync(reply.body)) })
}

async function attempt(
  link: UploadLink,
  call: UploadCall,
): Promise<{ readonly body: Buffer } | { readonly failure: EngineError; readonly afterMs: number }> {
  let reply: UploadReply
  let body: Buffer
  try {
    reply = await link.call(call)
    body = Buffer.concat(await Array.fromAsync(reply.body))
  } catch (error) {
    call.signal?.throwIfAborted()
    const failure = new EngineError('storage.unavailable', `Cannot reach ${link.location}: ${messageOf(error)}`, { cause: error })
    return { failure, afterMs: 0 }
  }
  const { status } = reply
  if (status >= 200 && status < 300) return { body }
  const answer = { status, body }
  if (!isPassing(status)) throw refusal(call, answer)
  const failure = new EngineError(engineCodeOf(body) ?? 'storage.unavailable', `Cannot use ${link.location}: ${detailOf(answer)}`)
  return { failure, afterMs: Math.min((reply.retryAfterSeconds ?? 0) * 1000, LAST_PAUSE_MS) }
}

interface Answer {
  readonly status: number
  readonly body: Buffer
}

function isPassing(status: number): boolean {
  return status === 409 || status === 429 || status >= 500
}

function refusal(call: UploadCall, answer: Answer): Error {
  const { status, body } = answer
  const detail = detailOf(answer)
  if (status === 404 && /^\/agent\/v1\/uploads\/./.test(call.path)) return new UploadLostError(detail)
  const message = `The server refuses: ${detail}`
  // What ails the repository is told by its own name: there is advice for it.
  const engineCode = engineCodeOf(body) ?? (isPassing(status) ? 'storage.unavailable' : undefined)
  return engineCode === undefined ? new AgentError(refusalCodeOf(status, codeOf(body)), message) : new EngineError(engineCode, message)
}

function refusalCodeOf(status: number, code: unknown): AgentErrorCode {
  if (code === 'quota.exceeded') return 'run.over-quota'
  if (code === 'client.disabled') return 'link.disabled'
  return status === 401 ? 'link.unauthorised' : 'link.refused'
}

/** What problem details say; a hostile server's words may be of any length. */
function detailOf({ status, body }: Answer): string {
  try {
    const problem: unknown = JSON.parse(body.toString('utf8'))
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) return String(problem.detail).slice(0, 500)
  } catch {
    // Something between us and the server has answered.
  }
  return `it answers with status ${status}`
}

/** The code of problem details; undefined where something between us and the server has answered. */
function codeOf(body: Buffer): unknown {
  try {
    return (JSON.parse(body.toString('utf8')) as { readonly code?: unknown } | null)?.code
  } catch {
    return undefined
  }
}

/** What the engine failed with on the server. A call that the server broke off is not one that was cancelled here. */
function engineCodeOf(body: Buffer): EngineErrorCode | undefined {
  const code = codeOf(body)
  if (typeof code !== 'string' || !Object.hasOwn(ENGINE_ERRORS, code) || code === 'operation.cancelled') return undefined
  return code as EngineErrorCode
}

/** Half of it to all of it, so that many agents do not come back at the same moment. */
function jittered(pauseMs: number): number {
  return pauseMs / 2 + ((secureRandom(2).readUInt16LE() / 0xffff) * pauseMs) / 2
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
