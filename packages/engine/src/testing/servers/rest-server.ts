import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { EngineError, isEngineError, messageOf } from '../../errors.ts'
import { FILE_KINDS, type FileKind, type FileRef, isFileName, type Storage } from '../../storage/storage.ts'
import type { TestServer } from './programs.ts'

export interface RestServerOptions {
  /** Asked for by basic authentication if given. */
  readonly credentials?: { readonly username: string; readonly password: string }
  /** Nothing but locks may be removed. */
  readonly appendOnly?: boolean
  /** 1 for a server that lists names only. */
  readonly version?: 1 | 2
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** Listen on this port; on any that is free by default. */
  readonly port?: number
  /** Listen on this UNIX socket instead of a port. */
  readonly socketPath?: string
}

export interface RestServer extends TestServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
}

const PROTOCOL_V2 = 'application/vnd.x.restic.rest.v2'

/** Serves one repository by restic's REST protocol from `storage`, below any path. As restic's rest-server it never overwrites a file. */
export async function startRestServer(storage: Storage, options: RestServerOptions = {}): Promise<RestServer> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(storage, options, { request, response }).catch((error: unknown) => refuse(response, error))
  }
  const { tls } = options
  const server: Server =
    tls === undefined ? createServer(listener) : createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, listener)
  await new Promise<void>((resolve) => {
    if (options.socketPath === undefined) server.listen(options.port ?? 0, '127.0.0.1', resolve)
    else server.listen(options.socketPath, resolve)
  })
  const protocol = tls === undefined ? 'http' : 'https'
  return {
    url: options.socketPath === undefined ? `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}` : options.socketPath,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function answer(storage: Storage, options: RestServerOptions, exchange: Exchange): Promise<void> {
  const { request, response } = exchange
  if (!isWelcome(request, options)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="repository"' }).end('Unauthorized\n')
    return
  }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (request.method === 'POST' && searchParams.get('create') === 'true') {
    await storage.prepare()
    response.end()
    return
  }
  const target = targetOf(pathname)
  if (target === undefined) response.writeHead(404).end('Not Found\n')
  else if ('list' in target) await answerList(storage, target.list, { ...exchange, version: options.version ?? 2 })
  else await answerFile(storage, target.file, { ...exchange, options })
}

async function answerFile(storage: Storage, file: FileRef, context: Exchange & { readonly options: RestServerOptions }): Promise<void> {
  const { request, response, options } = context
  if (request.method === 'HEAD') {
    response.writeHead(200, { 'content-length': (await storage.stat(file)).sizeBytes }).end()
  } else if (request.method === 'GET') {
    await sendFile(storage, file, context)
  } else if (request.method === 'POST') {
    await storage.write(file, await receive(storage, file, request))
    response.end()
  } else if (request.method === 'DELETE') {
    if (options.appendOnly === true && file.kind !== 'locks') throw new EngineError('storage.append-only', 'Cannot remove: append-only')
    await storage.stat(file)
    await storage.remove(file)
    response.end()
  } else response.writeHead(405).end('Method Not Allowed\n')
}

async function sendFile(storage: Storage, file: FileRef, { request, response }: Exchange): Promise<void> {
  const { sizeBytes } = await storage.stat(file)
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (asked === null) {
    response.writeHead(200, { 'content-length': sizeBytes }).end(await storage.read(file, 'all'))
    return
  }
  const offset = Number(asked[1])
  const end = Math.min(asked[2] === '' ? sizeBytes : Number(asked[2]) + 1, sizeBytes)
  if (offset >= sizeBytes && !(offset === 0 && asked[2] === '')) {
    response.writeHead(416, { 'content-range': `bytes */${sizeBytes}` }).end()
    return
  }
  const headers = { 'content-length': end - offset, 'content-range': `bytes ${offset}-${end - 1}/${sizeBytes}` }
  response.writeHead(206, headers).end(await storage.read(file, { offset, length: end - offset }))
}

async function answerList(storage: Storage, kind: FileKind, context: Exchange & { readonly version: 1 | 2 }): Promise<void> {
  const infos = await Array.fromAsync(storage.list(kind))
  const detailed = context.version === 2 && context.request.headers.accept === PROTOCOL_V2
  const list = infos.map((info) => (detailed ? { name: info.name, size: info.sizeBytes } : info.name))
  context.response.writeHead(200, detailed ? { 'content-type': PROTOCOL_V2 } : {}).end(JSON.stringify(list))
}

/** The body of an upload; a file that exists is refused once all of it has come, as net/http does it. */
async function receive(storage: Storage, file: FileRef, request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const exists = await storage.stat(file).then(
    () => true,
    () => false,
  )
  if (exists) throw new EngineError('storage.denied', 'Cannot write: the file exists')
  return Buffer.concat(chunks)
}

function isWelcome(request: IncomingMessage, { credentials }: RestServerOptions): boolean {
  if (credentials === undefined) return true
  const expected = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
  return request.headers.authorization === expected
}

function targetOf(pathname: string): { readonly list: FileKind } | { readonly file: FileRef } | undefined {
  const parts = pathname.split('/')
  const [kindPart = '', name = ''] = parts.slice(-2)
  if (name === 'config') return { file: { kind: 'config', name: '' } }
  const kind = FILE_KINDS.find((candidate) => candidate === kindPart && candidate !== 'config')
  if (kind === undefined) return undefined
  if (name === '') return { list: kind }
  return isFileName(kind, name) ? { file: { kind, name } } : undefined
}

function refuse(response: ServerResponse, error: unknown): void {
  const status = isEngineError(error, 'storage.not-found')
    ? 404
    : isEngineError(error, 'storage.append-only', 'storage.denied')
      ? 403
      : isEngineError(error, 'storage.full')
        ? 507
        : 500
  if (!response.headersSent) response.writeHead(status)
  response.end(`${messageOf(error)}\n`)
}
