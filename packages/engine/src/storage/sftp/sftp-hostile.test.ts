import type { AddressInfo } from 'node:net'
import ssh2, { type ServerChannel, type SFTPWrapper } from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import type { FileRef } from '../storage.ts'
import { parseSftpLocation } from './sftp-location.ts'
import { SftpStorage } from './sftp-storage.ts'

const CONFIG: FileRef = { kind: 'config', name: '' }
const HANDLE = Buffer.from('handle')
const { STATUS_CODE } = ssh2.utils.sftp
const ended: (() => void)[] = []

afterEach(() => {
  for (const end of ended.splice(0)) end()
})

/** A key pair. One in five hundred that ssh2 makes cannot be read by ssh2: such a pair is thrown away. */
function hostKeys(): { readonly private: string; readonly public: string } {
  for (;;) {
    const keys = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(keys.private) instanceof Error)) return keys
  }
}

/** An SSH server that lets everybody in and hands SFTP over to `serve`. */
async function openAt(
  serve: { readonly sftp?: (sftp: SFTPWrapper) => void; readonly subsystem?: (channel: ServerChannel) => void },
  stallTimeoutMs = 400,
): Promise<SftpStorage> {
  const keys = hostKeys()
  const server = new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept) => {
      const session = accept()
      if (serve.subsystem !== undefined) session.on('subsystem', (acceptSubsystem) => serve.subsystem?.(acceptSubsystem()))
      else session.on('sftp', (acceptSftp) => serve.sftp?.(acceptSftp()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ended.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const storage = await SftpStorage.open(parseSftpLocation(`sftp://me@127.0.0.1:${port}//srv`), {
    knownHosts: `[127.0.0.1]:${port} ${keys.public}`,
    password: 'any',
    connectTimeoutMs: 1000,
    stallTimeoutMs,
  })
  ended.push(() => void storage.close())
  return storage
}

/** Answers as a server with one file, `config`, of which it claims a size. */
function oneFile(
  sizeBytes: number,
  read: (sftp: SFTPWrapper, id: number, asked: { offset: number; length: number }) => void,
): (sftp: SFTPWrapper) => void {
  return (sftp) => {
    const attributes = { mode: 0o100600, uid: 0, gid: 0, size: sizeBytes, atime: 0, mtime: 0 }
    sftp.on('STAT', (id) => sftp.status(id, STATUS_CODE.NO_SUCH_FILE))
    sftp.on('OPEN', (id) => sftp.handle(id, HANDLE))
    sftp.on('FSTAT', (id) => sftp.attrs(id, attributes))
    sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK))
    sftp.on('READ', (id, _handle, ...[offset, length]) => read(sftp, id, { offset, length }))
  }
}

describe('SftpStorage at a server that', () => {
  it('claims a gigantic file refuses it before memory is taken', async () => {
    const storage = await openAt({ sftp: oneFile(2 ** 45, (sftp, id) => sftp.status(id, STATUS_CODE.EOF)) })
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'repository.too-large' })
  })

  it('gives less at a time than asked for reads on', async () => {
    const storage = await openAt({
      sftp: oneFile(100_000, (sftp, id, { length }) => sftp.data(id, Buffer.alloc(Math.min(length, 1000), 7))),
    })
    expect(Buffer.from(await storage.read(CONFIG, 'all')).equals(Buffer.alloc(100_000, 7))).toBe(true)
  })

  it('gives less than it claims to have reports it', async () => {
    const storage = await openAt({ sftp: oneFile(100_000, (sftp, id) => sftp.status(id, STATUS_CODE.EOF)) })
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.range' })
  })

  it('gives nothing again and again does not wait for ever', async () => {
    const storage = await openAt({ sftp: oneFile(100_000, (sftp, id) => sftp.data(id, Buffer.alloc(0))) })
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: expect.stringMatching(/^storage\./) })
  })

  it('owes an answer for too long is given up', async () => {
    const storage = await openAt({ sftp: oneFile(100_000, () => undefined) })
    await expect(storage.read(CONFIG, 'all')).rejects.toMatchObject({ code: 'storage.unavailable', retry: 'later' })
  })

  it('rejects at once when the call is cancelled, though the server owes an answer', async () => {
    const storage = await openAt({ sftp: oneFile(100_000, () => undefined) }, 60_000)
    await expect(storage.read(CONFIG, 'all', { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it.each([
    ['garbage', Buffer.from('HTTP/1.1 200 OK\r\n\r\nthis is no SFTP at all')],
    ['a packet of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 3])],
    ['nothing', Buffer.alloc(0)],
    ['the end', undefined],
  ])('sends %s instead of SFTP fails to open', async (_, bytes) => {
    const opening = openAt({
      subsystem: (channel) => {
        if (bytes === undefined) channel.end()
        else channel.write(bytes)
      },
    })
    await expect(opening).rejects.toMatchObject({ code: expect.stringMatching(/^storage\./) })
  })
})
