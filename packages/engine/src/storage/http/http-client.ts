import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type CallOptions, PIECE_BYTES, paceTransfer } from '../storage.ts'

/** What every storage that is reached by HTTP can be told about the way there. */
export interface HttpOptions {
  /** Certificates (PEM) that are trusted instead of the system's. */
  readonly caCertificates?: string | undefined
  /** Certificate and private key of this client, both in one PEM text. */
  readonly clientCertificate?: string | undefined
  /** Accept any certificate: whoever is on the way can read the credentials. */
  readonly insecureTls?: boolean | undefined
  /** Proxies, as `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name them. */
  readonly proxyEnvironment?: Readonly<Record<string, string>> | undefined
  /** Time for name, connection and TLS. Default 30 s. */
  readonly connectTimeoutMs?: number | undefined
  /** What requests say about the program that sends them. */
  readonly userAgent?: string | undefined
  /** How long a request may make no progress. Default 5 minutes, as restic's. */
  readonly stallTimeoutMs?: number | undefined
}

export interface HttpRequest {
  readonly protocol: 'http:' | 'https:'
  readonly host: string
  readonly port?: number | undefined
  /** A UNIX socket instead of host and port. */
  readonly socketPath?: string | undefined
  readonly method: string
  /** Path and query, encoded. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: Uint8Array | string | Readable | undefined
}

/** A server that gave no sign of life in time. */
export class HttpTimeoutError extends Error {
  override readonly name = 'HttpTimeoutError'
}

const DEFAULT_CONNECT_TIMEOUT_MS = 30_000
const DEFAULT_STALL_TIMEOUT_MS = 5 * 60_000

/** Sends single requests over kept connections. Knows of storages only their pace; errors are Node's and {@link HttpTimeoutError}. */
export class HttpClient {
  readonly #options: HttpOptions
  readonly #plainAgent: PlainAgent
  readonly #tlsAgent: TlsAgent

  constructor(options: HttpOptions, connections: number) {
    this.#options = options
    const agentOptions = {
      keepAlive: true,
      // Locks may go beside everything else.
      maxSockets: connections + 2,
      timeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      ...(options.proxyEnvironment === undefined ? {} : { proxyEnv: { ...options.proxyEnvironment } }),
    }
    this.#plainAgent = new PlainAgent(agentOptions)
    this.#tlsAgent = new TlsAgent({
      ...agentOptions,
      rejectUnauthorized: options.insecureTls !== true,
      ...(options.caCertificates === undefined ? {} : { ca: options.caCertificates }),
      ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate, key: options.clientCertificate }),
    })
  }

  /** Gives the answer as soon as its head is there; the body must be read or destroyed. An aborted signal ends both, with its reason. */
  async send(request: HttpRequest, call: CallOptions = {}): Promise<IncomingMessage> {
    call.signal?.throwIfAborted()
    const outgoing = this.#open(request)
    const answered = answerTo(outgoing, call.signal)
    this.#watch(outgoing)
    // An early answer (no room, no right) ends the body; what matters is the answer.
    sendBody(outgoing, request.body, call).catch((error: Error) => outgoing.destroy(error))
    return answered
  }

  close(): void {
    this.#plainAgent.destroy()
    this.#tlsAgent.destroy()
  }

  #open(request: HttpRequest): ClientRequest {
    const { host, port, socketPath, method, path } = request
    const { userAgent } = this.#options
    const headers = userAgent === undefined ? request.headers : { ...request.headers, 'user-agent': userAgent }
    const target = { host, port, socketPath, method, path, headers }
    if (request.protocol === 'https:') return tlsRequest({ ...target, agent: this.#tlsAgent })
    return plainRequest({ ...target, agent: this.#plainAgent })
  }

  /** Gives up when the socket is silent for too long: first while it connects (the agent's timeout), then in any direction. */
  #watch(outgoing: ClientRequest): void {
    const stallTimeoutMs = this.#options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS
    let answer: IncomingMessage | undefined
    outgoing.once('response', (message) => {
      answer = message
    })
    outgoing.once('socket', (socket) => {
      const established = socket.connecting === false
      if (established) socket.setTimeout(stallTimeoutMs)
      else socket.once('connect', () => socket.setTimeout(stallTimeoutMs))
      const giveUp = (): void => {
        const error = new HttpTimeoutError('the server gave no answer in time')
        answer?.destroy(error)
        outgoing.destroy(error)
      }
      socket.once('timeout', giveUp)
      outgoing.once('close', () => socket.removeListener('timeout', giveUp))
    })
  }
}

/**
 * The whole body of an answer. Rejects with `RangeError` as soon as it is longer than `maxBytes`, and when it ends early with Node's
 * `ECONNRESET`.
 */
export async function readBody(body: Readable, options: { readonly maxBytes: number; readonly call?: CallOptions }): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > options.maxBytes) throw new RangeError(`the answer is longer than ${options.maxBytes} bytes`)
      chunks.push(chunk)
      await paceTransfer('download', chunk.length, options.call ?? {})
    }
  } finally {
    body.destroy()
  }
  return Buffer.concat(chunks, sizeBytes)
}

function answerTo(outgoing: ClientRequest, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined
    const cancel = (): void => {
      answer?.destroy(asError(signal?.reason))
      outgoing.destroy(asError(signal?.reason))
    }
    signal?.addEventListener('abort', cancel, { once: true })
    outgoing.once('close', () => signal?.removeEventListener('abort', cancel))
    outgoing.once('response', (message) => {
      answer = message
      resolve(message)
    })
    // Errors after the answer belong to its body.
    outgoing.on('error', (error) => reject(signal?.aborted ? signal.reason : error))
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

async function sendBody(outgoing: ClientRequest, body: HttpRequest['body'], call: CallOptions): Promise<void> {
  if (body instanceof Readable) {
    body.pipe(outgoing)
    await finished(body)
  } else if (body === undefined || typeof body === 'string' || call.pace === undefined) {
    outgoing.end(body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body)
  } else {
    await sendPieces(outgoing, body, call)
  }
}

async function sendPieces(outgoing: ClientRequest, body: Uint8Array, call: CallOptions): Promise<void> {
  for (let done = 0; done < body.length; done += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, body.length - done)
    await paceTransfer('upload', length, call)
    if (outgoing.destroyed) return
    await new Promise<void>((resolve) => outgoing.write(Buffer.from(body.buffer, body.byteOffset + done, length), () => resolve()))
  }
  outgoing.end()
}
