import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '@holdfast/engine'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ServerError } from '../errors.ts'
import type { SecretBox } from '../secrets/secret-box.ts'

/** Says that a request comes from another server of the same installation, which is not to be sent back; sealed in it is for whom. */
const FORWARDED = 'x-holdfast-forwarded'
/** Clocks of servers may differ by half a minute. */
const SEAL_VALID_MS = 60_000
const TIMEOUT_MS = 120_000
const RETRY_AFTER_SECONDS = 5
/** Headers that are about one connection. */
const HOP_HEADERS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'expect'])
/** What a browser says of the page that it sends a request from: compared with the address of the server that it has reached, by that. */
const BROWSER_HEADERS: ReadonlySet<string> = new Set(['origin', 'sec-fetch-site'])

const sealedSchema = z.object({ address: z.string(), at: z.number() })

declare module 'fastify' {
  interface FastifyRequest {
    /** The address that a request came from to the server of this installation that has handed it on; null for all others. */
    handedOnFor: string | null
  }
}

/** Whether another server of the installation has handed the request on, or somebody says so: it is answered here in any case. */
export function isForwarded({ headers }: FastifyRequest): boolean {
  return headers[FORWARDED] !== undefined
}

/** The address of whoever sent a request, to whichever server of the installation. */
export function addressOf({ handedOnFor, ip }: FastifyRequest): string {
  return handedOnFor ?? ip
}

/** Has requests say for whom another server has handed them on. */
export function registerForwarding(app: FastifyInstance, forwarder: Pick<Forwarder, 'sourceOf'>): void {
  app.decorateRequest('handedOnFor', null)
  app.addHook('onRequest', async (request) => {
    request.handedOnFor = forwarder.sourceOf(request) ?? null
  })
}

/** What is to become of a request that another server has to answer. */
interface ForwardOptions {
  /** The address of the other server. */
  readonly to: string
  /** The body where it was read already; the stream of the request otherwise. */
  readonly body?: string
}

/**
 * Hands requests on to other servers of the installation. These look at the credentials themselves, and believe of a request that comes
 * sealed under the master key from where it came.
 */
export class Forwarder {
  readonly #secrets: SecretBox
  readonly #clock: Clock

  constructor({ secrets, clock }: { readonly secrets: SecretBox; readonly clock: Clock }) {
    this.#secrets = secrets
    this.#clock = clock
  }

  /**
   * Hands a request on and gives the answer, both as they come.
   * @throws {ServerError} `server.unavailable` when the other one does not answer.
   */
  async forward(request: FastifyRequest, reply: FastifyReply, options: ForwardOptions): Promise<void> {
    const seal = this.#secrets.seal(JSON.stringify({ address: request.ip, at: this.#clock.now() }), purposeOf(request))
    const answer = await ask(request, { ...options, seal })
    reply.hijack()
    reply.raw.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers))
    await pipeline(answer, reply.raw).catch(() => reply.raw.destroy())
  }

  /** Where a request that was handed on came from; undefined when no server of the installation has handed it on just now. */
  sourceOf(request: FastifyRequest): string | undefined {
    const sealed = request.headers[FORWARDED]
    if (typeof sealed !== 'string') return undefined
    try {
      const { address, at } = sealedSchema.parse(JSON.parse(this.#secrets.open(sealed, purposeOf(request))))
      return Math.abs(this.#clock.now() - at) > SEAL_VALID_MS ? undefined : address
    } catch {
      // Anybody can send such a header: it makes no difference then.
      return undefined
    }
  }
}

function purposeOf({ method, url }: FastifyRequest): string {
  return `request handed on: ${method} ${url}`
}

function ask(request: FastifyRequest, { to, body, seal }: ForwardOptions & { readonly seal: string }): Promise<IncomingMessage> {
  const send = new URL(to).protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const headers = { ...withoutBrowser(withoutHops(request.headers)), ...length, [FORWARDED]: seal }
    const outgoing = send(`${to.replace(/\/+$/, '')}${request.url}`, { method: request.method, headers, timeout: TIMEOUT_MS }, resolve)
    outgoing.on('timeout', () => outgoing.destroy(new Error('it does not answer')))
    outgoing.on('error', (cause) => {
      reject(
        new ServerError('server.unavailable', 'Cannot reach the server that writes to this repository: it may have stopped', {
          cause,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        }),
      )
    })
    if (body !== undefined) outgoing.end(body)
    else pipeline(request.raw, outgoing).catch(() => outgoing.destroy())
  })
}

function withoutBrowser(headers: Readonly<Record<string, string | string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !BROWSER_HEADERS.has(name)))
}

function withoutHops(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !HOP_HEADERS.has(name))
  return Object.fromEntries(kept) as Record<string, string | string[]>
}
