import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import type { TestServer } from '../../testing/servers/programs.ts'
import { type RestServerOptions, startRestServer } from '../../testing/servers/rest-server.ts'
import { TEST_CERTIFICATE } from '../../testing/servers/test-certificate.ts'
import { describeStorageContract } from '../../testing/storage-contract.ts'
import type { FileRef } from '../storage.ts'
import { parseRestLocation } from './rest-location.ts'
import { type RestOptions, RestStorage } from './rest-storage.ts'

const CREDENTIALS = { username: 'me', password: 'hunter2' }
const CONFIG: FileRef = { kind: 'config', name: '' }
const servers: TestServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function serve(options: RestServerOptions = {}): Promise<{ readonly url: string; readonly inner: MemoryStorage }> {
  const inner = new MemoryStorage()
  const server = await startRestServer(inner, options)
  servers.push(server)
  return { url: server.url, inner }
}

function openAt(url: string, options: RestOptions = {}): RestStorage {
  return new RestStorage(parseRestLocation(`rest:${url}/some/repository/`), options)
}

async function openFresh(options: RestServerOptions = {}): Promise<RestStorage> {
  return openAt((await serve(options)).url)
}

describeStorageContract('RestStorage', () => openFresh(), { largeFileBytes: 32 << 20 })
describeStorageContract('RestStorage at a server of version 1', () => openFresh({ version: 1 }))
describeStorageContract('RestStorage over TLS', async () => {
  const { url } = await serve({ tls: TEST_CERTIFICATE })
  return openAt(url, { http: { caCertificates: TEST_CERTIFICATE.cert } })
})

describe('RestStorage', () => {
  it('sends the credentials of the location, or else those of the options', async () => {
    const { url } = await serve({ credentials: CREDENTIALS })
    const named = openAt(url.replace('//', '//me:hunter2@'))
    await named.write(CONFIG, Buffer.from('config'))
    expect(named.location).not.toContain('hunter2')
    const given = openAt(url, CREDENTIALS)
    expect(Buffer.from(await given.read(CONFIG, 'all')).toString()).toBe('config')
  })

  it('reports a wrong password without showing it', async () => {
    const { url } = await serve({ credentials: CREDENTIALS })
    const error = await openAt(url.replace('//', '//me:wrong-secret@'))
      .read(CONFIG, 'all')
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'storage.denied', retry: 'never', message: expect.stringContaining('401 Unauthorized') })
    expect(String(error)).not.toContain('wrong-secret')
  })

  it('takes a file that exists with the same content for written, since the first answer may have been lost', async () => {
    const { url, inner } = await serve({ appendOnly: true })
    const storage = openAt(url)
    await storage.write(fileOf('x'), Buffer.from('x'))
    await storage.write(fileOf('x'), Buffer.from('x'))
    await expect(storage.write(CONFIG, Buffer.from('one'))).resolves.toBeUndefined()
    await expect(storage.write(CONFIG, Buffer.from('two'))).rejects.toMatchObject({ code: 'storage.denied' })
    expect(inner.files.get('config')?.content).toEqual(new Uint8Array(Buffer.from('one')))
  })

  it('reports an append-only server', async () => {
    const storage = await openFresh({ appendOnly: true })
    await storage.write(fileOf('x'), Buffer.from('x'))
    await expect(storage.remove(fileOf('x'))).rejects.toMatchObject({ code: 'storage.denied' })
    await storage.write({ ...fileOf('x'), kind: 'locks' }, Buffer.from('x'))
    await storage.remove({ ...fileOf('x'), kind: 'locks' })
  })

  it('trusts no unknown certificate unless told so', async () => {
    const { url } = await serve({ tls: TEST_CERTIFICATE })
    await expect(openAt(url).read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.denied', retry: 'never' })
    await openAt(url, { http: { insecureTls: true } }).prepare()
  })

  it('shows a client certificate', async () => {
    const { url } = await serve({ tls: { ...TEST_CERTIFICATE, ca: TEST_CERTIFICATE.cert } })
    const caCertificates = TEST_CERTIFICATE.cert
    await expect(openAt(url, { http: { caCertificates } }).prepare()).rejects.toMatchObject({ code: 'storage.denied' })
    await openAt(url, { http: { caCertificates, clientCertificate: TEST_CERTIFICATE.cert + TEST_CERTIFICATE.key } }).prepare()
  })

  it('reaches a server behind a UNIX socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-rest-'))
    try {
      const { url, inner } = await serve({ socketPath: join(folder, 'socket') })
      const storage = new RestStorage(parseRestLocation(`rest:http+unix://${url}:/repository/`))
      await storage.write(CONFIG, Buffer.from('config'))
      expect([...inner.files.keys()]).toEqual(['config'])
    } finally {
      for (const server of servers.splice(0)) await server.stop()
      rmSync(folder, { recursive: true })
    }
  })

  it('goes through a proxy if there is one', async () => {
    const { url } = await serve()
    const asked: (string | undefined)[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url)
      response.end('config by proxy')
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const proxyEnvironment = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }
    const storage = openAt(url, { http: { proxyEnvironment } })
    expect(Buffer.from(await storage.read(CONFIG, 'all')).toString()).toBe('config by proxy')
    expect(asked).toEqual([`${url}/some/repository/config`])
    await storage.close()
    proxy.close()
  })

  it('reports that nobody answers as something that may pass', async () => {
    const { url } = await serve()
    for (const server of servers.splice(0)) await server.stop()
    await expect(openAt(url).read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.unavailable', retry: 'later' })
  })

  it('rejects calls after close', async () => {
    const storage = await openFresh()
    await storage.close()
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.closed' })
  })
})

describe('RestStorage at a server that', () => {
  async function openStub(listener: RequestListener): Promise<RestStorage> {
    const stub = createServer(listener)
    await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve))
    servers.push({
      stop: async () => {
        stub.closeAllConnections()
        stub.close()
      },
    })
    return openAt(`http://127.0.0.1:${(stub.address() as AddressInfo).port}`, { http: { stallTimeoutMs: 300 } })
  }

  it('never answers is given up', async () => {
    const storage = await openStub(() => undefined)
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.unavailable' })
    await expect(storage.write(CONFIG, Buffer.alloc(1 << 20))).rejects.toMatchObject({ code: 'storage.unavailable' })
  })

  it('stops in the middle of a file is given up', async () => {
    const storage = await openStub((_, response) => void response.writeHead(200, { 'content-length': 1000 }).write('half'))
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.unavailable' })
  })

  it('breaks off in the middle of a file may be asked again', async () => {
    const storage = await openStub((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.unavailable', retry: 'later' })
  })

  it('claims a gigantic file is refused before memory is taken', async () => {
    const storage = await openStub((_, response) => void response.writeHead(200, { 'content-length': 2 ** 45 }).write('x'))
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'repository.too-large' })
  })

  it('sends more than was asked for is refused', async () => {
    const storage = await openStub((_, response) => void response.writeHead(206).end(Buffer.alloc(100_000)))
    await expect(storage.read(CONFIG, { offset: 0, length: 10 })).rejects.toMatchObject({ code: 'storage.failed' })
  })

  it('ignores ranges breaks the contract', async () => {
    const storage = await openStub((_, response) => void response.end('0123456789'))
    await expect(storage.read(CONFIG, { offset: 2, length: 3 })).rejects.toMatchObject({ code: 'storage.contract' })
  })

  it('lists garbage is refused', async () => {
    const storage = await openStub((_, response) => void response.end('<html>Welcome</html>'))
    await expect(Array.fromAsync(storage.list('data'))).rejects.toMatchObject({ code: 'storage.failed' })
  })

  it('lists foreign things beside files gives the files', async () => {
    const { name } = fileOf('x')
    const list = [{ name, size: 7 }, { name: '../config', size: 1 }, { name, size: -1 }, 7, null, { size: 3 }]
    const storage = await openStub((_, response) => void response.end(JSON.stringify(list)))
    expect(await Array.fromAsync(storage.list('data'))).toEqual([{ name, sizeBytes: 7 }])
  })

  it.each([
    [301, 'storage.location'],
    [413, 'storage.full'],
    [429, 'storage.unavailable'],
    [500, 'storage.unavailable'],
    [507, 'storage.full'],
  ])('answers %i gives %s', async (status, code) => {
    const storage = await openStub((request, response) => void request.resume().on('end', () => response.writeHead(status).end()))
    await expect(storage.write(CONFIG, Buffer.alloc(10))).rejects.toMatchObject({ code })
  })

  it('goes without reading a large upload is understood all the same', async () => {
    const storage = await openStub((_, response) => void response.writeHead(507, { connection: 'close' }).end('no room\n'))
    const outcome = await storage.write(fileOf('x'), Buffer.alloc(8 << 20)).catch((error: unknown) => error)
    // The answer may be lost when the server closes first; then it looks like any broken connection.
    expect(outcome).toMatchObject({ code: expect.stringMatching(/^storage\.(full|unavailable)$/) })
  })
})

function fileOf(content: string): FileRef {
  return { kind: 'data', name: createHash('sha256').update(content).digest('hex') }
}
