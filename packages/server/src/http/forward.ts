import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerError } from '../errors.ts'

/** Says that a request comes from another server of the same installation, which is not to be sent back. */
const FORWARDED = 'x-holdfast-forwarded'
const TIMEOUT_MS = 120_000
const RETRY_AFTER_SECONDS = 5
/** Headers that are about one connection. */
const HOP_HEADERS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'expect'])

/** Whether another server of the installation has handed the request on. */
export function isForwarded({ headers }: FastifyRequest): boolean {
  return headers[FORWARDED] !== undefined
}

/**
 * Hands a request on to another server and gives its answer, both as they come. The other server looks at the credentials itself.
 * @param options.body the body where it was read already; the stream of the request otherwise.
 * @throws {ServerError} `server.unavailable` when the other one does not answer.
 */
export async function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  { to, body }: { readonly to: string; readonly body?: string },
): Promise<void> {
  const answer = await ask(request, { to, body })
  reply.hijack()
  reply.raw.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers))
  await pipeline(answer, reply.raw).catch(() => reply.raw.destroy())
}

function ask(request: FastifyRequest, { to, body }: { readonly to: string; readonly body: string | undefined }): Promise<IncomingMessage> {
  const send = new URL(to).protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const headers = { ...withoutHops(request.headers), ...length, [FORWARDED]: '1' }
    const outgoing = send(`${to.replace(/\/+$/, '')}${request.url}`, { method: request.method, headers, timeout: TIMEOUT_MS }, resolve)
    outgoing.on('timeout', () => outgoing.destroy(new Error('it does not answer')))
    outgoing.on('error', (cause) => {
      reject(
        new ServerError('server.unavailable', 'Cannot reach the server that has this upload: it may have stopped', {
          cause,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        }),
      )
    })
    if (body !== undefined) outgoing.end(body)
    else pipeline(request.raw, outgoing).catch(() => outgoing.destroy())
  })
}

function withoutHops(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !HOP_HEADERS.has(name))
  return Object.fromEntries(kept) as Record<string, string | string[]>
}
