import { createHash } from 'node:crypto'
import { type FileKind, type FileRef, isEngineError, type Storage } from '@holdfast/engine'
import type { ByteBudget } from '../http/byte-budget.ts'
import { hasContent, readStored } from './read-stored.ts'
import { type RestAnswer, refusal } from './rest-answer.ts'
import { MEDIA_TYPE_V1, MEDIA_TYPE_V2, parseOperation, type RestRequest } from './rest-request.ts'
import type { Turns } from './turns.ts'

/** What is noted of the files that a client has brought. */
export interface RestLedger {
  /** Whether there is room for a file, as far as can be said before it has arrived. @throws {ServerError} `quota.exceeded` */
  demandRoom(file: FileRef, sizeBytes: number): Promise<void>
  /** Notes a file as the client's before it is written, and counts it. @throws {ServerError} `quota.exceeded` */
  claim(file: FileRef, sizeBytes: number): Promise<void>
  /** Takes a claim back: the file was not written. */
  release(file: FileRef): Promise<void>
  /** Told that a claimed file is durable. */
  stored(file: FileRef): Promise<void>
  /** Whether the client has brought the file. */
  owns(file: FileRef): Promise<boolean>
  /** Whether somebody has said that the file must stay. */
  isPinned(file: FileRef): Promise<boolean>
  /** Told that a file was removed, whoever had brought it. */
  removed(file: FileRef): Promise<void>
}

/** The repository of a request, and what its client may do there. */
export interface RestPlace {
  readonly storage: Storage
  /** May remove files. If not, new files are taken, and only locks of its own can be removed. */
  readonly isFull: boolean
  readonly ledger: RestLedger
  /** Whose share of {@link RestPlace.memory} is used. */
  readonly owner: string
  readonly memory: ByteBudget
  /** Shared by all requests to this repository. */
  readonly turns: Turns
}

/** Of packs and indexes: restic's largest pack is 128 MiB and a blob. */
const DATA_BYTES_MAX = 192 * 1024 * 1024
/** Of everything else. */
const SMALL_BYTES_MAX = 16 * 1024 * 1024
/** Bodies of this size need no room in the budget: locks must be refreshed however busy the server is. */
const FREE_BYTES = 64 * 1024

/**
 * Answers one request of restic's REST protocol, version 1 or 2, from a storage. Knows no users, no server and no URL but what follows the
 * repository. Bad requests are answered; what is thrown is a failure of the storage or the ledger, or the reason of the signal.
 */
export async function handleRest(request: RestRequest, place: RestPlace): Promise<RestAnswer> {
  const operation = parseOperation(request)
  switch (operation.what) {
    case 'nothing':
      return refusal(operation.status, operation.message, operation.allow === undefined ? {} : { allow: operation.allow })
    case 'create':
      await place.storage.prepare({ signal: request.signal })
      return done()
    case 'list':
      return list(operation, { request, place })
    case 'stat':
      return stat(operation.file, { request, place })
    case 'read':
      return readStored(operation, { ...place, signal: request.signal })
    case 'save':
      return save(operation.file, { request, place })
    case 'remove':
      return remove(operation.file, { request, place })
    default:
      return operation satisfies never
  }
}

interface Context {
  readonly request: RestRequest
  readonly place: RestPlace
}

async function list(
  { kind, withSizes }: { readonly kind: FileKind; readonly withSizes: boolean },
  { request, place }: Context,
): Promise<RestAnswer> {
  const files = place.storage.list(kind, { signal: request.signal })[Symbol.asyncIterator]()
  // With the first file it shows whether there is an answer at all; after the head has gone out it could not be refused any more.
  let next = await files.next()
  async function* elements(): AsyncGenerator<string> {
    let batch = '['
    for (let separator = ''; !next.done; separator = ',', next = await files.next()) {
      const { name, sizeBytes } = next.value
      batch += separator + (withSizes ? `{"name":"${name}","size":${sizeBytes}}` : `"${name}"`)
      if (batch.length < FREE_BYTES) continue
      yield batch
      batch = ''
    }
    yield `${batch}]`
  }
  return { status: 200, headers: { 'content-type': withSizes ? MEDIA_TYPE_V2 : MEDIA_TYPE_V1 }, body: elements() }
}

async function stat(file: FileRef, { request, place }: Context): Promise<RestAnswer> {
  const { sizeBytes } = await place.storage.stat(file, { signal: request.signal })
  return { status: 200, headers: { 'content-length': String(sizeBytes), 'accept-ranges': 'bytes' } }
}

async function save(file: FileRef, { request, place }: Context): Promise<RestAnswer> {
  const { contentLength, signal } = request
  if (contentLength === undefined) return refusal(411, `Cannot take ${describe(file)}: the request does not say how long it is`)
  const sizeBytes = /^\d{1,15}$/.test(contentLength) ? Number(contentLength) : Number.POSITIVE_INFINITY
  const maxBytes = file.kind === 'data' || file.kind === 'index' ? DATA_BYTES_MAX : SMALL_BYTES_MAX
  if (sizeBytes > maxBytes) return refusal(413, `Cannot take ${describe(file)}: it has more than ${maxBytes} bytes`)
  await place.ledger.demandRoom(file, sizeBytes)
  using _room = sizeBytes > FREE_BYTES ? await place.memory.take(place.owner, sizeBytes, { signal }) : undefined
  const content = await receive(request, sizeBytes)
  if (typeof content === 'string') return refusal(400, `Cannot take ${describe(file)}: ${content}`)
  if (file.kind !== 'config' && content.digest !== file.name) {
    return refusal(400, `Cannot take ${describe(file)}: its SHA-256 is ${content.digest}`)
  }
  // From here on nobody is asked whether he still waits: what has arrived whole and sound is stored.
  return place.turns.take(`${file.kind}/${file.name}`, () => store(file, { content: content.bytes, place }))
}

/** The whole body with its hash, or what is wrong with it. Never holds more than the length that was announced. */
async function receive(request: RestRequest, sizeBytes: number): Promise<{ readonly bytes: Buffer; readonly digest: string } | string> {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes)
  const hash = createHash('sha256')
  let filled = 0
  for await (const piece of request.body) {
    if (filled + piece.length > sizeBytes) return `the body has more than the ${sizeBytes} bytes that it announced`
    bytes.set(piece, filled)
    filled += piece.length
    hash.update(piece)
  }
  if (filled < sizeBytes) return `the body ended after ${filled} of ${sizeBytes} bytes`
  return { bytes, digest: hash.digest('hex') }
}

/** Names are hashes of contents, so what exists is the same and stays; a client whose answer was lost may send it again. */
async function store(file: FileRef, { content, place }: { readonly content: Buffer; readonly place: RestPlace }): Promise<RestAnswer> {
  const { storage, ledger } = place
  const existing = await sizeOf(storage, file)
  if (existing !== undefined) {
    if (existing === content.length && (await hasContent(storage, file, content))) return done()
    return refusal(403, `Cannot overwrite ${describe(file)}: files are only ever added`)
  }
  await ledger.claim(file, content.length)
  try {
    await storage.write(file, content)
  } catch (error) {
    // A write whose answer was lost may have succeeded: room is given back only when the file is certainly not there.
    const isAbsent = await sizeOf(storage, file).then(
      (size) => size === undefined,
      () => false,
    )
    if (isAbsent) await ledger.release(file)
    throw error
  }
  await ledger.stored(file)
  return done()
}

async function remove(file: FileRef, { request, place }: Context): Promise<RestAnswer> {
  const { storage, ledger, isFull } = place
  if (!isFull && !(file.kind === 'locks' && (await ledger.owns(file)))) {
    return refusal(403, `Cannot remove ${describe(file)}: this client may only add files, and remove locks of its own`)
  }
  if (await ledger.isPinned(file)) return refusal(403, `Cannot remove ${describe(file)}: it is pinned`)
  return place.turns.take(`${file.kind}/${file.name}`, async () => {
    const existing = await sizeOf(storage, file, request.signal)
    await storage.remove(file, { signal: request.signal })
    await ledger.removed(file)
    return existing === undefined ? refusal(404, `Cannot find ${describe(file)}: there is no such file`) : done()
  })
}

async function sizeOf(storage: Storage, file: FileRef, signal?: AbortSignal): Promise<number | undefined> {
  try {
    return (await storage.stat(file, { signal })).sizeBytes
  } catch (error) {
    if (isEngineError(error, 'storage.not-found')) return undefined
    throw error
  }
}

function done(): RestAnswer {
  return { status: 200, headers: {} }
}

function describe({ kind, name }: FileRef): string {
  return kind === 'config' ? 'config' : `${kind}/${name.slice(0, 10)}`
}
