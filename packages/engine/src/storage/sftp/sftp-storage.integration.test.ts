import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findProgram, runProgram } from '../../testing/servers/programs.ts'
import { type Sshd, startSshd } from '../../testing/servers/sshd.ts'
import { describeStorageContract } from '../../testing/storage-contract.ts'
import type { FileRef } from '../storage.ts'
import { withRetry } from '../with-retry.ts'
import { parseSftpLocation, type SftpLocation } from './sftp-location.ts'
import { SftpStorage } from './sftp-storage.ts'
import type { SftpOptions } from './ssh-connection.ts'

let server: Sshd
let state: string
let repositories = 0
const opened: SftpStorage[] = []

beforeAll(async () => {
  server = await startSshd()
  state = mkdtempSync(join(tmpdir(), 'holdfast-sftp-'))
})
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close()
})
afterAll(async () => {
  await server?.stop()
  rmSync(state, { recursive: true, force: true })
})

function place(path: string): SftpLocation {
  return parseSftpLocation(`sftp://${server.user}@${server.host}:${server.port}/${path}`)
}

async function open(path: string, options: SftpOptions = {}): Promise<SftpStorage> {
  const storage = await SftpStorage.open(place(path), { knownHosts: server.knownHosts, privateKeys: [server.privateKey], ...options })
  opened.push(storage)
  return storage
}

function fresh(): string {
  return join(server.folder, `repository-${repositories++}`)
}

describeStorageContract('SftpStorage', () => open(fresh()), { largeFileBytes: 32 << 20, manyFiles: 100 })

describe('SftpStorage', () => {
  it('makes files and folders that only their owner can read', async () => {
    const folder = fresh()
    const storage = await open(folder)
    await storage.write(fileOf('x'), Buffer.from('x'))
    const { name } = fileOf('x')
    expect(statSync(join(folder, 'data', name.slice(0, 2), name)).mode & 0o777).toBe(0o400)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
  })

  it('leaves no temporary file after a write that fails', async () => {
    const folder = fresh()
    const storage = await open(folder)
    const { name } = fileOf('x')
    mkdirSync(join(folder, 'keys', name), { recursive: true })
    await expect(storage.write({ kind: 'keys', name }, Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.failed' })
    expect(readdirSync(join(folder, 'keys'))).toEqual([name])
  })

  it('says when a file is in the place of a folder', async () => {
    const folder = fresh()
    writeFileSync(folder, '')
    await expect((await open(folder)).prepare()).rejects.toMatchObject({ code: 'storage.location' })
  })

  it('connects again after the connection was dropped', async () => {
    const storage = await open(fresh())
    await storage.write(fileOf('x'), Buffer.from('x'))
    const reading = Promise.allSettled(Array.from({ length: 20 }, () => storage.read(fileOf('x'), 'all')))
    await server.dropConnections()
    for (const outcome of await reading) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'storage.unavailable', retry: 'later' })
    }
    const patient = withRetry(storage, { initialDelayMs: 10 })
    const contents = await Promise.all(Array.from({ length: 5 }, () => patient.read(fileOf('x'), 'all')))
    expect(contents.map((content) => Buffer.from(content).toString())).toEqual(['x', 'x', 'x', 'x', 'x'])
  })

  it('fails calls under way when the connection breaks, without a part of a file', async () => {
    const folder = fresh()
    const storage = await open(folder)
    await storage.prepare()
    const writing = storage.write(fileOf('large'), Buffer.alloc(64 << 20)).catch((error: unknown) => error)
    await server.dropConnections()
    const outcome = await writing
    if (outcome !== undefined) expect(outcome).toMatchObject({ code: 'storage.unavailable' })
    const names = await Array.fromAsync(storage.list('data'), (info) => info.name)
    expect(names).toEqual(outcome === undefined ? [fileOf('large').name] : [])
  })

  it('rejects calls after close', async () => {
    const storage = await open(fresh())
    await storage.close()
    await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.closed' })
  })

  it('gives up a server that is silent', async () => {
    const silent = createServer(() => undefined)
    await listen(silent)
    try {
      const location = parseSftpLocation(`sftp://me@127.0.0.1:${portOf(silent)}/x`)
      const opening = SftpStorage.open(location, { connectTimeoutMs: 200 })
      await expect(opening).rejects.toMatchObject({ code: 'storage.unavailable' })
    } finally {
      silent.close()
    }
  })

  it('reports that nobody listens as something that may pass', async () => {
    const closed = createServer()
    await listen(closed)
    const port = portOf(closed)
    await new Promise((resolve) => closed.close(resolve))
    const opening = SftpStorage.open(parseSftpLocation(`sftp://me@127.0.0.1:${port}/x`))
    await expect(opening).rejects.toMatchObject({ code: 'storage.unavailable', retry: 'later' })
  })
})

describe('SftpStorage checks the host key and', () => {
  it('refuses an unknown one, with its fingerprint and what to run', async () => {
    const error = await open(fresh(), { knownHosts: '' }).catch((reason: unknown) => reason)
    const fingerprint = (
      await runProgram(findProgram('ssh-keygen', 'openssh-client'), ['-l', '-f', join(server.folder, '../host.pub')])
    ).split(' ')[1]
    expect(error).toMatchObject({ code: 'storage.host-key', message: expect.stringContaining(fingerprint ?? '?') })
    expect(String(error)).toContain(`ssh-keyscan -p ${server.port} 127.0.0.1`)
  })

  it('accepts it after that command was run', async () => {
    const sshFolder = mkdtempSync(join(state, 'ssh-'))
    await expect(open(fresh(), { knownHosts: '', sshFolder })).rejects.toMatchObject({ code: 'storage.host-key' })
    const line = await runProgram(findProgram('ssh-keyscan', 'openssh-client'), ['-p', String(server.port), '127.0.0.1'])
    writeFileSync(join(sshFolder, 'known_hosts'), line)
    await open(fresh(), { knownHosts: '', sshFolder })
  })

  it('refuses one that has changed', async () => {
    const other = server.knownHosts.replace(/AAAA\S+/, Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x04evil').toString('base64'))
    await expect(open(fresh(), { knownHosts: other })).rejects.toMatchObject({
      code: 'storage.host-key',
      message: expect.stringContaining('differs from the known one'),
    })
  })
})

describe('SftpStorage logs in', () => {
  let agent: ChildProcess | undefined
  afterEach(() => void agent?.kill())

  it('with keys of the SSH folder, under the names that its configuration gives', async () => {
    const sshFolder = mkdtempSync(join(state, 'ssh-'))
    writeFileSync(join(sshFolder, 'known_hosts'), server.knownHosts)
    writeFileSync(join(sshFolder, 'own-key'), server.privateKey)
    const config = `Host alias\n  HostName 127.0.0.1\n  Port ${server.port}\n  User ${server.user}\n  IdentityFile ${sshFolder}/own-key\n`
    writeFileSync(join(sshFolder, 'config'), config)
    const storage = await SftpStorage.open(parseSftpLocation(`sftp:alias:${fresh()}`), { sshFolder })
    opened.push(storage)
    await storage.prepare()
  })

  it('with a key that needs a passphrase', async () => {
    const file = join(state, 'encrypted')
    writeFileSync(file, server.privateKey, { mode: 0o600 })
    await runProgram(findProgram('ssh-keygen', 'openssh-client'), ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', file])
    const privateKeys = [readFileSync(file, 'utf8')]
    await open(fresh(), { privateKeys, passphrase: 'open sesame' })
    const error = await open(fresh(), { privateKeys, passphrase: 'wrong-secret' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'storage.denied' })
    expect(String(error)).not.toContain('wrong-secret')
  })

  it('with the agent', async () => {
    const agentSocket = join(state, 'agent.socket')
    agent = spawn(findProgram('ssh-agent', 'openssh-client'), ['-D', '-a', agentSocket], { stdio: 'ignore' })
    const environment = { SSH_AUTH_SOCK: agentSocket }
    const add = (): Promise<string> =>
      runProgram(findProgram('ssh-add', 'openssh-client'), ['-q', server.privateKeyFile], { env: environment })
    await withPatience(add)
    await open(fresh(), { privateKeys: [], agentSocket })
  })

  it('with the next method when the agent is gone', async () => {
    await open(fresh(), { privateKeys: [], agentSocket: join(state, 'no-agent'), sshFolder: await folderWithKey() })
  })

  it('not at all without a key, and says so', async () => {
    const error = await open(fresh(), { privateKeys: [] }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'storage.denied', message: expect.stringContaining('neither a key nor an agent') })
  })

  it('not with a key that the server does not know', async () => {
    const file = join(state, 'stranger')
    await runProgram(findProgram('ssh-keygen', 'openssh-client'), ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    await expect(open(fresh(), { privateKeys: [readFileSync(file, 'utf8')] })).rejects.toMatchObject({
      code: 'storage.denied',
      retry: 'never',
    })
  })

  async function folderWithKey(): Promise<string> {
    const sshFolder = mkdtempSync(join(state, 'ssh-'))
    writeFileSync(join(sshFolder, 'id_ed25519'), server.privateKey)
    return sshFolder
  }
})

async function withPatience(task: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await task()
      return
    } catch (error) {
      if (tries === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

function listen(listener: Server): Promise<void> {
  return new Promise((resolve) => listener.listen(0, '127.0.0.1', () => resolve()))
}

function portOf(listener: Server): number {
  const address = listener.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function fileOf(content: string): FileRef {
  return { kind: 'data', name: createHash('sha256').update(content).digest('hex') }
}
