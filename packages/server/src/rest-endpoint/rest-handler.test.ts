import { createHash } from 'node:crypto'
import { EngineError, type FileRef } from '@holdfast/engine'
import { FaultyStorage, MemoryStorage } from '@holdfast/engine/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { ServerError } from '../errors.ts'
import { ByteBudget } from '../http/byte-budget.ts'
import { answerOfFailure, type RestAnswer } from './rest-answer.ts'
import { handleRest, type RestLedger, type RestPlace } from './rest-handler.ts'
import { MEDIA_TYPE_V2, type RestRequest } from './rest-request.ts'
import { Turns } from './turns.ts'

const MIB = 1024 * 1024

/** A ledger as the server's, of one client, in memory. */
class MemoryLedger implements RestLedger {
  readonly files = new Map<string, number>()
  readonly pinned = new Set<string>()
  readonly told: string[] = []
  quotaBytes = Number.POSITIVE_INFINITY

  get usedBytes(): number {
    return [...this.files.values()].reduce((sum, size) => sum + size, 0)
  }
  async demandRoom(_file: FileRef, sizeBytes: number): Promise<void> {
    if (this.usedBytes + sizeBytes > this.quotaBytes) throw new ServerError('quota.exceeded', 'Cannot take it: the quota is used up')
  }
  async claim(file: FileRef, sizeBytes: number): Promise<void> {
    await this.demandRoom(file, sizeBytes)
    this.files.set(keyOf(file), sizeBytes)
  }
  async release(file: FileRef): Promise<void> {
    this.files.delete(keyOf(file))
  }
  async stored(file: FileRef): Promise<void> {
    this.told.push(keyOf(file))
  }
  async owns(file: FileRef): Promise<boolean> {
    return this.files.has(keyOf(file))
  }
  async isPinned(file: FileRef): Promise<boolean> {
    return this.pinned.has(keyOf(file))
  }
  async removed(file: FileRef): Promise<void> {
    this.files.delete(keyOf(file))
  }
}

let storage: MemoryStorage
let ledger: MemoryLedger
let memory: ByteBudget

beforeEach(() => {
  storage = new MemoryStorage()
  ledger = new MemoryLedger()
  memory = new ByteBudget({ totalBytes: 8 * MIB, shareBytes: 4 * MIB, waitersMax: 10 })
})

describe('create', () => {
  it('prepares the storage, as often as it is asked', async () => {
    expect((await send('POST ?create=true')).status).toBe(200)
    expect((await send('POST ?create=true')).status).toBe(200)
    expect((await send('POST ?create=false')).status).toBe(400)
    expect(await send('DELETE ')).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  })
})

describe('save', () => {
  it('stores what fits its name and gives it back', async () => {
    const content = sample(3 * MIB + 17)
    const path = `data/${idOf(content)}`
    expect((await send(`POST ${path}`, { content })).status).toBe(200)
    expect(ledger.told).toEqual([path])
    const answer = await send(`GET ${path}`)
    expect(answer.headers).toMatchObject({ 'content-length': String(content.length) })
    expect(answer.bytes.equals(content)).toBe(true)
    expect(await send(`HEAD ${path}`)).toMatchObject({ status: 200, headers: { 'content-length': String(content.length) } })
    expect(memory.heldBytes).toBe(0)
  })

  it('stores nothing under a wrong name, for every kind but config', async () => {
    for (const kind of ['data', 'index', 'keys', 'locks', 'snapshots']) {
      expect((await send(`POST ${kind}/${idOf(sample(5))}`, { content: sample(6) })).status).toBe(400)
    }
    expect(storage.files.size).toBe(0)
    expect(ledger.files.size).toBe(0)
    expect((await send('POST config', { content: sample(6) })).status).toBe(200)
  })

  it('stores nothing of a body that ends early, goes on, breaks off or has no length', async () => {
    const content = sample(100_000)
    const path = `data/${idOf(content)}`
    expect((await send(`POST ${path}`, { content, contentLength: '100001' })).status).toBe(400)
    expect((await send(`POST ${path}`, { content, contentLength: '99999' })).status).toBe(400)
    expect((await send(`POST ${path}`, { content, contentLength: undefined })).status).toBe(411)
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield content.subarray(0, 50_000)
      throw new Error('aborted')
    }
    await expect(send(`POST ${path}`, { content, body: broken() })).rejects.toThrow('aborted')
    expect(storage.files.size).toBe(0)
    expect(memory.heldBytes).toBe(0)
  })

  it('refuses absurd lengths before anything is read', async () => {
    const untouched = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.reject(new Error('the body was read'))
    }
    for (const contentLength of ['999999999999999', '99999999999999999999999999', '-1', '1e3', String(193 * MIB)]) {
      const answer = await send(`POST data/${idOf(sample(1))}`, { body: untouched(), contentLength })
      expect(answer.status).toBe(413)
    }
    const answer = await send(`POST keys/${idOf(sample(1))}`, { body: untouched(), contentLength: String(17 * MIB) })
    expect(answer.status).toBe(413)
  })

  it('takes what is there already when it is the same, and never replaces', async () => {
    const content = sample(2 * MIB)
    const path = `data/${idOf(content)}`
    await send(`POST ${path}`, { content })
    expect((await send(`POST ${path}`, { content })).status).toBe(200)
    await send('POST config', { content: sample(7) })
    expect((await send('POST config', { content: sample(7) })).status).toBe(200)
    for (const isFull of [false, true]) {
      expect((await send('POST config', { content: sample(8), isFull })).status).toBe(403)
      expect((await send('POST config', { content: Buffer.alloc(7), isFull })).status).toBe(403)
    }
    expect((await send('GET config')).bytes.equals(sample(7))).toBe(true)
  })

  it('lets one of two different configs win that come at once', async () => {
    const turns = new Turns()
    const answers = await Promise.all([1, 2, 3].map((size) => send('POST config', { content: sample(size), turns })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403])
  })

  it('keeps to the quota', async () => {
    ledger.quotaBytes = 1000
    const content = sample(700)
    expect((await send(`POST data/${idOf(content)}`, { content })).status).toBe(200)
    expect((await send(`POST data/${idOf(sample(400))}`, { content: sample(400) })).status).toBe(413)
    expect(storage.files.size).toBe(1)
  })

  it('gives room back only when the file is certainly not there', async () => {
    const content = sample(10)
    const path = `data/${idOf(content)}`
    const failing = new FaultyStorage(storage, { fault: ({ operation }) => (operation === 'write' ? 'fail' : undefined) })
    await expect(send(`POST ${path}`, { content, storage: failing })).rejects.toThrow()
    expect(ledger.files.size).toBe(0)
    const forgetful = new FaultyStorage(storage, { fault: ({ operation }) => (operation === 'write' ? 'lose-answer' : undefined) })
    await expect(send(`POST ${path}`, { content, storage: forgetful })).rejects.toThrow()
    expect(ledger.files.size).toBe(1)
  })

  it('does not take a damaged file for the same', async () => {
    const content = sample(10)
    const file = { kind: 'data', name: idOf(content) } as const
    storage.replaceFile(file, Buffer.alloc(10))
    expect((await send(`POST data/${file.name}`, { content })).status).toBe(403)
  })
})

describe('read', () => {
  it('gives ranges of all forms', async () => {
    const content = sample(2 * MIB)
    const path = `index/${idOf(content)}`
    await send(`POST ${path}`, { content })
    const get = (range: string) => send(`GET ${path}`, { range })
    const small = await get('bytes=10-19')
    expect(small).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 10-19/*', 'content-length': '10' } })
    expect(small.bytes.equals(content.subarray(10, 20))).toBe(true)
    const large = await get(`bytes=5-${content.length - 2}`)
    expect(large.status).toBe(206)
    expect(large.bytes.equals(content.subarray(5, -1))).toBe(true)
    expect((await get(`bytes=${content.length - 3}-`)).bytes.equals(content.subarray(-3))).toBe(true)
    expect((await get('bytes=-4')).bytes.equals(content.subarray(-4))).toBe(true)
    const clipped = await get(`bytes=${content.length - 5}-${content.length + 5}`)
    expect(clipped).toMatchObject({ status: 206, headers: { 'content-length': '5' } })
    expect((await get(`bytes=${content.length}-${content.length}`)).status).toBe(416)
    expect((await get('bytes=-0')).status).toBe(416)
    for (const range of ['bytes=9-3', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-', 'bytes=x']) expect((await get(range)).status).toBe(200)
  })

  it('answers 404 for what is not there', async () => {
    const path = `data/${idOf(sample(1))}`
    for (const request of [`GET ${path}`, `HEAD ${path}`, 'GET config', 'HEAD config']) expect((await send(request)).status).toBe(404)
    expect((await send(`GET ${path}`, { range: 'bytes=0-3' })).status).toBe(404)
  })
})

describe('list', () => {
  it('gives names in version 1 and sizes too in version 2', async () => {
    expect((await send('GET data/')).text).toBe('[]')
    const contents = [sample(3), sample(4)]
    for (const content of contents) await send(`POST data/${idOf(content)}`, { content })
    const v1 = await send('GET data/')
    expect(v1.headers['content-type']).toBe('application/vnd.x.restic.rest.v1')
    expect((JSON.parse(v1.text) as string[]).sort()).toEqual(contents.map(idOf).sort())
    const v2 = await send('GET data/', { accept: MEDIA_TYPE_V2 })
    expect(v2.headers['content-type']).toBe(MEDIA_TYPE_V2)
    expect(JSON.parse(v2.text)).toEqual(expect.arrayContaining(contents.map((content) => ({ name: idOf(content), size: content.length }))))
  })
})

describe('remove', () => {
  it('is for locks of the client alone, unless it has full access', async () => {
    const paths: string[] = []
    for (const kind of ['data', 'index', 'keys', 'locks', 'snapshots']) {
      const content = Buffer.from(kind)
      paths.push(`${kind}/${idOf(content)}`)
      await send(`POST ${paths.at(-1)}`, { content })
    }
    const foreign = { kind: 'locks', name: idOf(Buffer.from('foreign')) } as const
    await storage.write(foreign, Buffer.from('foreign'))
    const lock = paths.find((path) => path.startsWith('locks/')) ?? ''
    for (const path of [...paths.filter((other) => other !== lock), 'config', `locks/${foreign.name}`]) {
      expect((await send(`DELETE ${path}`)).status).toBe(403)
    }
    // To send the bytes of a foreign lock again makes it nobody's own.
    expect((await send(`POST locks/${foreign.name}`, { content: Buffer.from('foreign') })).status).toBe(200)
    expect((await send(`DELETE locks/${foreign.name}`)).status).toBe(403)
    expect((await send(`DELETE ${lock}`)).status).toBe(200)
    for (const path of paths.filter((other) => other !== lock)) expect((await send(`DELETE ${path}`, { isFull: true })).status).toBe(200)
    expect((await send(`DELETE ${lock}`, { isFull: true })).status).toBe(404)
    expect(ledger.usedBytes).toBe(0)
  })

  it('leaves what is pinned, whoever asks', async () => {
    const content = sample(9)
    const path = `snapshots/${idOf(content)}`
    await send(`POST ${path}`, { content })
    ledger.pinned.add(path)
    expect((await send(`DELETE ${path}`, { isFull: true })).status).toBe(403)
    expect(storage.files.size).toBe(1)
  })
})

describe('names', () => {
  it('are those of the format and no others', async () => {
    const id = idOf(sample(1))
    const hostile = [
      '/config',
      '../config',
      'data/../config',
      `data/../../${id}`,
      'data/..%2f..%2fetc%2fpasswd',
      `data/${id}/`,
      `data/${id.toUpperCase()}`,
      `data/${id}\0`,
      `data/${id}\n`,
      `data/${id.slice(1)}`,
      `data/aa/${id}`,
      `secrets/${id}`,
      `Data/${id}`,
      'data',
      '.',
    ]
    for (const path of hostile) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
        expect((await send(`${method} ${path}`, { content: sample(1), isFull: true })).status, `${method} ${path}`).toBe(404)
      }
    }
    expect(storage.files.size).toBe(0)
    for (const method of ['PUT', 'PATCH', 'TRACE']) expect((await send(`${method} data/${id}`)).status).toBe(405)
  })
})

describe('failures of the storage', () => {
  it('say what a client can make of them', () => {
    expect(answerOfFailure(new EngineError('storage.full', 'x'))?.status).toBe(507)
    expect(answerOfFailure(new EngineError('storage.unavailable', 'x'))?.status).toBe(503)
    expect(answerOfFailure(new EngineError('storage.failed', 'x'))).toBeUndefined()
    expect(answerOfFailure(new TypeError('x'))).toBeUndefined()
  })
})

interface SendOptions extends Partial<Omit<RestRequest, 'method' | 'path'>> {
  readonly content?: Buffer
  readonly isFull?: boolean
  readonly turns?: Turns
  readonly storage?: RestPlace['storage']
}

/** Sends a request, `GET data/` say, and takes the whole answer. */
async function send(
  route: string,
  { content = Buffer.alloc(0), isFull = false, ...rest }: SendOptions = {},
): Promise<RestAnswer & { readonly bytes: Buffer; readonly text: string }> {
  const place = { storage: rest.storage ?? storage, isFull, ledger, owner: 'client 1', memory, turns: rest.turns ?? new Turns() }
  const [method = '', target = ''] = [route.slice(0, route.indexOf(' ')), route.slice(route.indexOf(' ') + 1)]
  const [path = '', query = ''] = target.split('?')
  const request = { method, path, query, contentLength: String(content.length), body: inPieces(content), ...rest }
  const answer = await handleRest(request, place).catch((error: unknown) => {
    const answered = answerOfFailure(error)
    if (answered === undefined) throw error
    return answered
  })
  const bytes = await bytesOf(answer.body)
  return { ...answer, bytes, text: bytes.toString() }
}

async function bytesOf(body: RestAnswer['body']): Promise<Buffer> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body ?? '')
  return Buffer.concat(await Array.fromAsync(body, (piece) => Buffer.from(piece)))
}

async function* inPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < content.length; offset += 60_000) yield content.subarray(offset, offset + 60_000)
}

function sample(length: number): Buffer {
  return Buffer.alloc(length, `sample ${length} `)
}

function idOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function keyOf({ kind, name }: FileRef): string {
  return name === '' ? kind : `${kind}/${name}`
}
