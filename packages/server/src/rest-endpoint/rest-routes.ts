import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Clock, messageOf, type Storage } from '@holdfast/engine'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerError } from '../errors.ts'
import type { OpenedDoor, ResticAccess } from '../features/restic-access/restic-access.ts'
import type { App } from '../http/app-type.ts'
import { ByteBudget } from '../http/byte-budget.ts'
import { goneSignal } from '../http/gone-signal.ts'
import type { OpenStorage, RepositoryStorages } from './repository-storages.ts'
import { answerOfFailure, type RestAnswer, refusal } from './rest-answer.ts'
import { handleRest, type RestPlace } from './rest-handler.ts'
import type { RestRequest } from './rest-request.ts'

export interface RestRoutesOptions {
  readonly resticAccess: ResticAccess
  readonly storages: RepositoryStorages
  readonly clock: Clock
  /** Runs `action` unless another process does. */
  readonly exclusively: (name: string, action: () => Promise<void>) => Promise<void>
}

/** What all transfers hold in memory at most: the largest upload, or a dozen of restic's usual packs. */
const MEMORY_BYTES = 192 * 1024 * 1024
const CLIENT_MEMORY_BYTES = 96 * 1024 * 1024
const WAITERS_MAX = 1000
/** A connection on which nothing moves for so long is cut. */
const STALL_MS = 2 * 60_000
/** A body that is slower than this, after {@link STALL_MS}, holds memory that others wait for. */
const BYTES_PER_SECOND_MIN = 1024

/**
 * `/restic/<repository>/`: the repositories of the server for restic itself, each client with its own name and password. Everything is
 * said in restic's terms here, failures as plain text.
 */
export function restRoutes(app: App, options: RestRoutesOptions): void {
  const memory = new ByteBudget({ totalBytes: MEMORY_BYTES, shareBytes: CLIENT_MEMORY_BYTES, waitersMax: WAITERS_MAX })
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    // Bodies are taken as they come, whatever they say they are.
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    scope.route({
      method: ['GET', 'HEAD', 'POST', 'DELETE'],
      url: '/restic/*',
      exposeHeadRoute: false,
      config: { access: { kind: 'own', how: 'Basic, with the name and the restic password of a client' } },
      schema: { hide: true } as object,
      handler: (request, reply) => serve({ ...options, memory }, { request, reply }),
    })
    done()
  })
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

interface Asked {
  readonly request: FastifyRequest
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

type Parts = RestRoutesOptions & { readonly memory: ByteBudget }

async function serve(parts: Parts, { request, reply }: Exchange): Promise<void> {
  reply.hijack()
  const { raw } = reply
  const signal = goneSignal(reply, new ServerError('request.conflict', 'Cannot go on: the connection broke off'))
  const exchange = { request: request.raw, response: raw }
  try {
    await send(await answerOrRefusal(parts, { request, signal }), exchange)
  } catch (error) {
    if (!isDeparture(error)) request.log.error({ err: error }, 'a request of restic failed')
    if (raw.headersSent || raw.destroyed) raw.destroy()
    else await send(refusal(500, 'Cannot answer: something failed in the server'), exchange)
  }
}

async function answerOrRefusal(parts: Parts, { request, signal }: Asked): Promise<RestAnswer> {
  try {
    return await answerTo(parts, { request, signal })
  } catch (error) {
    const answer = answerOfFailure(error)
    if (answer === undefined) throw error
    if (answer.status >= 500) request.log.warn({ err: error }, 'a request of restic could not be served')
    return answer
  }
}

/** Whether something failed because the client went away in the middle of it. */
function isDeparture(error: unknown): boolean {
  if (error instanceof ServerError) return error.code === 'request.conflict'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE'
}

async function answerTo(parts: Parts, { request, signal }: Asked): Promise<RestAnswer> {
  const { resticAccess, storages } = parts
  const target = parseTarget(request.raw.url ?? '')
  const client = await resticAccess.signIn(request.headers.authorization, request.ip)
  if (target === undefined) return refusal(404, 'Cannot find this: there is no such repository')
  const door = await resticAccess.enter(client, target.repository)
  const open = await storages.of(door.repository)
  const { accept, range } = request.headers
  const rest: RestRequest = {
    method: request.method,
    path: target.path,
    query: target.query,
    accept,
    range,
    contentLength: request.headers['content-length'],
    body: bodyOf(request.raw, parts.clock),
    signal,
  }
  const handle = (): Promise<RestAnswer> => handleRest(rest, placeOf(parts, { door, open }))
  return target.path === 'config' && request.method === 'POST' ? alone(parts, { door, handle }) : handle()
}

function placeOf({ resticAccess, memory }: Parts, { door, open }: { readonly door: OpenedDoor; readonly open: OpenStorage }): RestPlace {
  const { access } = door
  const storage: Storage = open.storage
  return {
    storage,
    isFull: access.is_full === 1,
    ledger: resticAccess.ledgerOf(access, { list: (kind) => storage.list(kind) }),
    owner: `client ${access.client_id}`,
    memory,
    turns: open.turns,
  }
}

/** The only file whose name does not say what is in it: two server processes must not write it at once. */
async function alone(
  { exclusively }: Parts,
  { door, handle }: { readonly door: OpenedDoor; readonly handle: () => Promise<RestAnswer> },
): Promise<RestAnswer> {
  let answer: RestAnswer = refusal(409, 'Cannot write config: somebody else does at this moment')
  await exclusively(`restic-config-${door.repository.id}`, async () => {
    answer = await handle()
  })
  return answer
}

/** `/restic/<repository>/<path>?<query>`, where only the name of the repository is decoded. */
function parseTarget(url: string): { readonly repository: string; readonly path: string; readonly query: string } | undefined {
  const [, name, path, query] = /^\/restic\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url) ?? []
  if (name === undefined) return undefined
  try {
    return { repository: decodeURIComponent(name), path: path ?? '', query: query ?? '' }
  } catch {
    return undefined
  }
}

/** The body as it comes. A sender that stalls, or drips, is cut off. */
async function* bodyOf(request: IncomingMessage, clock: Clock): AsyncGenerator<Uint8Array> {
  const beganMs = clock.now()
  let sizeBytes = 0
  request.setTimeout(STALL_MS, () => request.destroy())
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      yield piece
      sizeBytes += piece.length
      const elapsedMs = clock.now() - beganMs
      if (elapsedMs > STALL_MS && sizeBytes < (elapsedMs / 1000) * BYTES_PER_SECOND_MIN) request.destroy()
    }
  } catch (error) {
    throw new ServerError('request.conflict', `Cannot take the body: ${messageOf(error)}`, { cause: error })
  } finally {
    request.setTimeout(0)
  }
}

async function send(
  { status, headers, body }: RestAnswer,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  if (response.destroyed) return
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (status === 401) response.setHeader('www-authenticate', 'Basic realm="restic"')
  // What is left of a body that was refused is not worth waiting for.
  if (!request.complete) response.setHeader('connection', 'close')
  response.statusCode = status
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array || request.method === 'HEAD') {
    const content = body === undefined || typeof body === 'string' ? Buffer.from(body ?? '') : body
    if (request.method === 'HEAD') response.end()
    else if (content instanceof Uint8Array) response.setHeader('content-length', content.length).end(content)
    return
  }
  response.setTimeout(STALL_MS, () => response.destroy())
  await pipeline(Readable.from(body, { objectMode: false, highWaterMark: 1 }), response)
}
