import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CephS3, startCephS3 } from '../../testing/servers/ceph-s3.ts'
import { describeStorageContract } from '../../testing/storage-contract.ts'
import type { FileRef } from '../storage.ts'
import { parseS3Location } from './s3-location.ts'
import type { S3Options } from './s3-options.ts'
import { S3Storage } from './s3-storage.ts'

let server: CephS3
let buckets = 0

beforeAll(async () => {
  server = await startCephS3()
})
afterAll(async () => {
  await server?.stop()
})

function credentials(): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey }
}

async function openFresh(options: S3Options = {}): Promise<S3Storage> {
  const location = parseS3Location(`s3:${server.endpoint}/bucket-${buckets++}/some/prefix`)
  return S3Storage.open(location, { credentials: credentials(), ...options })
}

describeStorageContract('S3Storage', () => openFresh(), { largeFileBytes: 32 << 20, manyFiles: 100 })
describeStorageContract('S3Storage with the older listing call', () => openFresh({ listObjectsV1: true }))

describe('S3Storage', () => {
  it.each([{ listObjectsV1: false }, { listObjectsV1: true }])('lists more than one page (%o)', async (options) => {
    const storage = await openFresh(options)
    await storage.prepare()
    const contents = Array.from({ length: 1050 }, (_, index) => Buffer.from(String(index)))
    for (let start = 0; start < contents.length; start += 50) {
      await Promise.all(contents.slice(start, start + 50).map((content) => storage.write(fileOf(content), content)))
    }
    const names = await Array.fromAsync(storage.list('data'), (info) => info.name)
    expect(new Set(names)).toEqual(new Set(contents.map((content) => fileOf(content).name)))
    expect(names.length).toBe(1050)
  })

  it('says that wrong keys are refused', async () => {
    const unknown = await openFresh({ credentials: { accessKeyId: 'nobody', secretAccessKey: 'secret-of-nobody' } })
    await expect(unknown.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.denied', retry: 'never' })
    const wrong = await openFresh({ credentials: { ...credentials(), secretAccessKey: 'not-the-secret' } })
    const error = await wrong.write(fileOf(Buffer.from('x')), Buffer.from('x')).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'storage.denied' })
    expect(String(error)).not.toContain('not-the-secret')
  })

  it('needs keys, or the wish to have none', async () => {
    const location = parseS3Location(`s3:${server.endpoint}/bucket`)
    await expect(S3Storage.open(location)).rejects.toMatchObject({ code: 'storage.denied' })
    const anonymous = await openFresh({ credentials: 'anonymous' })
    await expect(anonymous.write(fileOf(Buffer.from('x')), Buffer.from('x'))).rejects.toMatchObject({
      code: expect.stringMatching(/denied|not-found/),
    })
  })

  it('asks a provider for keys', async () => {
    const storage = await openFresh({ credentials: async () => credentials() })
    await storage.prepare()
    await storage.write(fileOf(Buffer.from('x')), Buffer.from('x'))
  })

  it('does not make a bucket against the will of its caller', async () => {
    const storage = await openFresh({ createBucket: false })
    await expect(storage.prepare()).rejects.toMatchObject({ code: 'storage.not-found' })
    await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.not-found' })
  })

  it('reports an outage as something that may pass, and works again after it', async () => {
    const storage = await openFresh()
    await storage.prepare()
    await server.down()
    await expect(storage.write(fileOf(Buffer.from('x')), Buffer.from('x'))).rejects.toMatchObject({
      code: 'storage.unavailable',
      retry: 'later',
    })
    await server.up()
    await storage.write(fileOf(Buffer.from('x')), Buffer.from('x'))
    expect(Buffer.from(await storage.read(fileOf(Buffer.from('x')), 'all')).toString()).toBe('x')
  })

  it('skips foreign objects', async () => {
    const storage = await openFresh()
    await storage.prepare()
    const inner = parseS3Location(`${storage.location}/data`)
    const nested = await S3Storage.open(inner, { credentials: credentials() })
    await nested.write(fileOf(Buffer.from('x')), Buffer.from('x'))
    await storage.write(fileOf(Buffer.from('y')), Buffer.from('y'))
    expect(await Array.fromAsync(storage.list('data'))).toEqual([{ name: fileOf(Buffer.from('y')).name, sizeBytes: 1 }])
  })

  it('rejects calls after close', async () => {
    const storage = await openFresh()
    await storage.close()
    await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.closed' })
  })
})

describe('S3Storage at a server that', () => {
  async function withServer(answer: RequestListener, test: (storage: S3Storage) => Promise<void>): Promise<void> {
    const stub = createServer(answer)
    await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve))
    const location = parseS3Location(`s3:http://127.0.0.1:${(stub.address() as AddressInfo).port}/bucket`)
    const storage = await S3Storage.open(location, { credentials: credentials(), http: { stallTimeoutMs: 300 } })
    try {
      await test(storage)
    } finally {
      await storage.close()
      stub.closeAllConnections()
      stub.close()
    }
  }

  it('wants an MD5 gets one', async () => {
    const seen: (string | undefined)[] = []
    const refusal = '<Error><Code>InvalidRequest</Code><Message>Content-MD5 header is required for Object Lock</Message></Error>'
    await withServer(
      (request, response) => {
        const md5 = request.headers['content-md5'] as string | undefined
        seen.push(md5)
        request.resume().on('end', () => (md5 === undefined ? response.writeHead(400).end(refusal) : response.end()))
      },
      async (storage) => {
        await storage.write(fileOf(Buffer.from('x')), Buffer.from('x'))
        await storage.write(fileOf(Buffer.from('y')), Buffer.from('y'))
      },
    )
    expect(seen).toEqual([undefined, createHash('md5').update('x').digest('base64'), createHash('md5').update('y').digest('base64')])
  })

  it('never answers is given up', async () => {
    await withServer(
      () => undefined,
      async (storage) => {
        await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.unavailable' })
      },
    )
  })

  it('stops in the middle of a file is given up', async () => {
    await withServer(
      (_, response) => void response.writeHead(200, { 'content-length': 1000 }).write('half'),
      async (storage) => {
        await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.unavailable' })
      },
    )
  })

  it('claims a gigantic file is refused before memory is taken', async () => {
    await withServer(
      (_, response) => void response.writeHead(200, { 'content-length': 2 ** 45 }).write('x'),
      async (storage) => {
        await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'repository.too-large' })
      },
    )
  })

  it('ignores ranges breaks the contract', async () => {
    await withServer(
      (_, response) => void response.end('0123456789'),
      async (storage) => {
        const reading = storage.read({ kind: 'config', name: '' }, { offset: 2, length: 3 })
        await expect(reading).rejects.toMatchObject({ code: 'storage.contract' })
      },
    )
  })

  it('has no room is full', async () => {
    const full = '<Error><Code>QuotaExceeded</Code><Message>quota</Message></Error>'
    await withServer(
      (request, response) => void request.resume().on('end', () => response.writeHead(403).end(full)),
      async (storage) => {
        await expect(storage.write(fileOf(Buffer.from('x')), Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.full' })
      },
    )
  })
})

function fileOf(content: Uint8Array): FileRef {
  return { kind: 'data', name: createHash('sha256').update(content).digest('hex') }
}
