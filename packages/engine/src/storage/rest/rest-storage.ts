import type { IncomingMessage } from 'node:http'
import { EngineError, isEngineError, messageOf } from '../../errors.ts'
import { HttpClient, type HttpOptions, type HttpRequest, readBody } from '../http/http-client.ts'
import { codeOfStatus, firstLine, networkFailure } from '../http/http-failure.ts'
import { readJsonArray } from '../http/json-array.ts'
import {
  type ByteRange,
  type CallOptions,
  demandReadableSize,
  describeFile,
  type FileInfo,
  type FileKind,
  type FileRef,
  isFileName,
  LARGEST_FILE_BYTES,
  layoutPath,
  type Storage,
  type StorageLimits,
} from '../storage.ts'
import type { RestLocation } from './rest-location.ts'

export interface RestOptions {
  /** Used when the location names neither user nor password. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly http?: HttpOptions | undefined
}

/** Version 2 of the protocol, in which listings have sizes. */
const PROTOCOL_V2 = 'application/vnd.x.restic.rest.v2'

/** How many files of a listing without sizes are asked for theirs at once. */
const STAT_BATCH = 8

/**
 * A repository behind restic's REST protocol: restic's rest-server, `rclone serve restic`, or our own server. Such servers refuse to
 * overwrite a file, so replacing one with other content takes a removal first.
 */
export class RestStorage implements Storage {
  readonly location: string
  readonly limits: StorageLimits
  readonly #place: RestLocation
  readonly #client: HttpClient
  readonly #authorization: string | undefined
  #closed = false

  /** Sends nothing yet. Default: 5 connections, as restic's. */
  constructor(location: RestLocation, options: RestOptions & { readonly connections?: number | undefined } = {}) {
    const connections = options.connections ?? 5
    this.location = location.display
    this.limits = { connections, atomicReplace: false }
    this.#place = location
    this.#client = new HttpClient(options.http ?? {}, connections)
    this.#authorization = authorizationOf(location, options)
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    await this.#done({ method: 'POST', path: '?create=true', body: '' }, { action: 'make the repository', options })
  }

  async write(file: FileRef, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    const action = `write ${describeFile(file)}`
    const request = { method: 'POST', path: restPath(file), body: content }
    try {
      await this.#done(request, { action, options })
    } catch (error) {
      // A refusal because the file exists looks like any other.
      if (!isEngineError(error, 'storage.denied') || !(await this.#exists(file, options))) throw error
      if (await this.#holds(file, content, options)) return
      await this.remove(file, options)
      await this.#done(request, { action, options })
    }
  }

  async read(file: FileRef, range: ByteRange | 'all', options: CallOptions = {}): Promise<Uint8Array> {
    if (range !== 'all' && range.length === 0) return this.#readNothing(file, range.offset, options)
    const context = { action: `read ${describeFile(file)}`, options }
    const headers = range === 'all' ? {} : { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
    return this.#exchange({ method: 'GET', path: restPath(file), headers }, context, async (answer) => {
      const sizeBytes = declaredSize(answer)
      if (range === 'all') demandReadableSize(file, sizeBytes ?? 0)
      else this.#demandRange(answer, file, range)
      const body = await readBody(answer, { maxBytes: range === 'all' ? LARGEST_FILE_BYTES : range.length, call: options })
      const wanted = range === 'all' ? (sizeBytes ?? body.length) : range.length
      if (body.length === wanted) return body
      throw new EngineError('storage.failed', `Cannot ${context.action}: the answer has ${body.length} of ${wanted} bytes`)
    })
  }

  async stat(file: FileRef, options: CallOptions = {}): Promise<FileInfo> {
    const context = { action: `find ${describeFile(file)}`, options }
    return this.#exchange({ method: 'HEAD', path: restPath(file) }, context, async (answer) => {
      // Without this the connection stays busy, though there is nothing to read.
      answer.resume()
      const sizeBytes = declaredSize(answer)
      if (sizeBytes === undefined) throw new EngineError('storage.contract', `Cannot ${context.action}: the server gives no size`)
      return { name: file.name, sizeBytes }
    })
  }

  async *list(kind: FileKind, options: CallOptions = {}): AsyncIterable<FileInfo> {
    if (kind === 'config') {
      const info = await this.stat({ kind, name: '' }, options).catch(undefinedIfMissing)
      if (info !== undefined) yield info
      return
    }
    const context = { action: `list ${kind}`, options }
    const answer = await this.#exchange({ method: 'GET', path: `${kind}/` }, context, async (found) => found).catch(undefinedIfMissing)
    if (answer === undefined) return
    const nameless: string[] = []
    try {
      for await (const element of readJsonArray(answer)) {
        const info = entryOf(kind, element)
        if (info?.sizeBytes !== undefined) yield { name: info.name, sizeBytes: info.sizeBytes }
        else if (info !== undefined) nameless.push(info.name)
      }
    } catch (error) {
      throw this.#failure(error, context)
    } finally {
      answer.destroy()
    }
    yield* this.#statAll(kind, nameless, options)
  }

  async remove(file: FileRef, options: CallOptions = {}): Promise<void> {
    const context = { action: `remove ${describeFile(file)}`, options }
    await this.#done({ method: 'DELETE', path: restPath(file) }, context).catch(undefinedIfMissing)
  }

  /** Nothing: to remove a repository is the server's right. */
  async dismantle(options: CallOptions = {}): Promise<void> {
    this.#begin(options)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#client.close()
  }

  /** Sizes for a listing of version 1, which has only names; files that vanished are left out. */
  async *#statAll(kind: FileKind, names: readonly string[], options: CallOptions): AsyncIterable<FileInfo> {
    for (let start = 0; start < names.length; start += STAT_BATCH) {
      const batch = names.slice(start, start + STAT_BATCH)
      const infos = await Promise.all(batch.map((name) => this.stat({ kind, name }, options).catch(undefinedIfMissing)))
      for (const info of infos) if (info !== undefined) yield info
    }
  }

  async #exists(file: FileRef, options: CallOptions): Promise<boolean> {
    return (await this.stat(file, options).catch(undefinedIfMissing)) !== undefined
  }

  async #holds(file: FileRef, content: Uint8Array, options: CallOptions): Promise<boolean> {
    const { sizeBytes } = await this.stat(file, options)
    return sizeBytes === content.length && Buffer.compare(await this.read(file, 'all', options), content) === 0
  }

  async #readNothing(file: FileRef, offset: number, options: CallOptions): Promise<Uint8Array> {
    const { sizeBytes } = await this.stat(file, options)
    if (offset <= sizeBytes) return new Uint8Array(0)
    throw new EngineError('storage.range', `Cannot read ${describeFile(file)} in ${this.location}: the file ends before byte ${offset}`)
  }

  #demandRange(answer: IncomingMessage, file: FileRef, range: ByteRange): void {
    const sizeBytes = declaredSize(answer)
    if (answer.statusCode !== 206 && (range.offset > 0 || sizeBytes !== range.length)) {
      // A server may give the whole of a file that is shorter than the range.
      const short = range.offset === 0 && sizeBytes !== undefined && sizeBytes < range.length
      if (!short) throw new EngineError('storage.contract', `Cannot read ${describeFile(file)}: the server ignores ranges`)
    }
    if (sizeBytes === undefined || sizeBytes === range.length) return
    const state = `the file ends before byte ${range.offset + range.length}`
    throw new EngineError('storage.range', `Cannot read ${describeFile(file)} in ${this.location}: ${state}`)
  }

  async #done(request: RelativeRequest, context: RequestContext): Promise<void> {
    await this.#exchange(request, context, (answer) => readBody(answer, { maxBytes: 64 * 1024, call: context.options }))
  }

  /** Sends a request below the repository and hands a good answer to `take`; anything else becomes an engine error. */
  async #exchange<Result>(
    request: RelativeRequest,
    context: RequestContext,
    take: (answer: IncomingMessage) => Promise<Result>,
  ): Promise<Result> {
    this.#begin(context.options)
    let answer: IncomingMessage | undefined
    try {
      answer = await this.#client.send(this.#absolute(request), context.options)
      const status = answer.statusCode ?? 0
      if (status !== 200 && status !== 206) throw await this.#refusal(answer, context)
      return await take(answer)
    } catch (error) {
      answer?.destroy()
      throw this.#failure(error, context)
    }
  }

  #absolute(request: RelativeRequest): HttpRequest {
    const { protocol, host, port, socketPath, path } = this.#place
    const { body } = request
    return {
      protocol,
      host,
      port,
      socketPath,
      method: request.method,
      path: path + request.path,
      body,
      headers: {
        ...request.headers,
        accept: PROTOCOL_V2,
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/octet-stream', 'content-length': body.length }),
      },
    }
  }

  async #refusal(answer: IncomingMessage, context: RequestContext): Promise<EngineError> {
    const status = answer.statusCode ?? 0
    const text = await readBody(answer, { maxBytes: 4096 }).then(
      (body) => firstLine(body.toString()),
      () => '',
    )
    const said = text === '' || text.startsWith('<') || text.startsWith('{') ? (answer.statusMessage ?? '') : text
    const state = status === 404 ? 'no such file' : `the server answered ${status} ${firstLine(said)}`
    return new EngineError(codeOfStatus(status), `Cannot ${context.action} in ${this.location}: ${state}`, { context: { status } })
  }

  #failure(error: unknown, { action, options }: RequestContext): unknown {
    if (options.signal?.aborted) return options.signal.reason
    if (error instanceof RangeError || error instanceof SyntaxError) {
      return new EngineError('storage.failed', `Cannot ${action} in ${this.location}: ${messageOf(error)}`, { cause: error })
    }
    return networkFailure(error, `${action} in ${this.location}`)
  }

  #begin(options: CallOptions): void {
    if (this.#closed) throw new EngineError('storage.closed', `Cannot use ${this.location}: it was closed`)
    options.signal?.throwIfAborted()
  }
}

/** A request whose path is below the repository. */
interface RelativeRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

interface RequestContext {
  readonly action: string
  readonly options: CallOptions
}

/** The protocol knows no spreading of packs over folders. */
function restPath(file: FileRef): string {
  layoutPath(file)
  return file.kind === 'config' ? 'config' : `${file.kind}/${file.name}`
}

function authorizationOf(location: RestLocation, options: RestOptions): string | undefined {
  const named = location.username !== undefined || location.password !== undefined
  const { username, password } = named ? location : options
  if (username === undefined && password === undefined) return undefined
  return `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}`
}

function declaredSize(answer: IncomingMessage): number | undefined {
  const header = answer.headers['content-length']
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

/** An entry of a listing in either version of the protocol; undefined for what is none of the repository's files. */
function entryOf(kind: FileKind, element: unknown): { readonly name: string; readonly sizeBytes: number | undefined } | undefined {
  if (typeof element === 'string') return isFileName(kind, element) ? { name: element, sizeBytes: undefined } : undefined
  if (typeof element !== 'object' || element === null || !('name' in element) || !('size' in element)) return undefined
  const { name, size } = element
  if (typeof name !== 'string' || !isFileName(kind, name)) return undefined
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { name, sizeBytes: size } : undefined
}

function undefinedIfMissing(error: unknown): undefined {
  if (isEngineError(error, 'storage.not-found')) return undefined
  throw error
}
