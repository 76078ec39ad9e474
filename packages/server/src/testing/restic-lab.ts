import { type ChildProcess, execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ResticPassword } from '@holdfast/protocol'
import { SERVER_ORIGIN } from '../features/audit/audit.ts'
import { TestServer, type TestServerOptions } from './test-server.ts'

/** The password of the repositories that the server of the lab has the key of. */
export const REPOSITORY_PASSWORD = 'correct horse'

/** A raw answer. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** How a client of the lab signs in. */
export interface LabLogin extends ResticPassword {
  readonly clientId: number
}

/** A server on a real port with an administrator `root`, for stock restic and for raw requests. */
export class ResticLab {
  readonly server: TestServer
  readonly port: number

  private constructor(server: TestServer, port: number) {
    this.server = server
    this.port = port
  }

  static async start(options: TestServerOptions = {}): Promise<ResticLab> {
    const server = await TestServer.start(options)
    await server.addUser('root', 'admin')
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    server.services.restBackground.start()
    return new ResticLab(server, (server.app.server.address() as AddressInfo).port)
  }

  /** Where a repository is kept. */
  folderOf(repository: string): string {
    return join(this.server.folder, `repository-${encodeURIComponent(repository)}`)
  }

  /** Adds a repository of which the server has the key, or, in mode `client`, none. Gives its id. */
  async addRepository(name: string, mode: 'create' | 'client'): Promise<number> {
    mkdirSync(this.folderOf(name))
    const password = mode === 'create' ? { password: REPOSITORY_PASSWORD } : {}
    const repository = { name, location: this.folderOf(name), credentials: {}, mode, isDefault: false, ...password }
    return (await this.server.services.repositories.add(repository, SERVER_ORIGIN)).id
  }

  /** Adds a client that has a password. */
  async addClient(name: string, options: { readonly owner?: string } = {}): Promise<LabLogin> {
    const as = options.owner ?? 'root'
    const added = await this.server.request('POST /api/v1/clients', { as, body: { name } })
    const clientId = (added.json() as { readonly id: number }).id
    const password = await this.server.request(`POST /api/v1/clients/${clientId}/restic/password`, { as })
    return { clientId, ...(password.json() as ResticPassword) }
  }

  /** Lets a client use a repository. */
  async grant(
    { clientId }: LabLogin,
    repositoryId: number,
    access: { readonly isFull?: boolean; readonly quotaBytes?: number } = {},
  ): Promise<void> {
    const route = `PUT /api/v1/clients/${clientId}/restic/repositories/${repositoryId}`
    const { statusCode, body } = await this.server.request(route, { as: 'root', body: access })
    if (statusCode !== 200) throw new Error(`no access: ${statusCode} ${body}`)
  }

  /** The location of a repository as restic takes it. */
  locationOf(repository: string, login: LabLogin): string {
    return `rest:http://${credentialsOf(login)}@127.0.0.1:${this.port}/restic/${encodeURIComponent(repository)}/`
  }

  /** Sends a request to `/restic/…`, `GET main/config` say, with exactly these headers and this body. */
  async raw(
    route: string,
    {
      login,
      body,
      headers = {},
    }: { readonly login?: LabLogin; readonly body?: Uint8Array; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<RawAnswer> {
    const [method = 'GET', path = ''] = route.split(' ')
    const authorization = login === undefined ? {} : { authorization: basicOf(login) }
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    return new Promise((resolve, reject) => {
      const options = {
        port: this.port,
        host: '127.0.0.1',
        method,
        path: `/restic/${path}`,
        headers: { ...authorization, ...length, ...headers },
      }
      const sent = request({ ...options, agent: false }, (answer) => {
        Array.fromAsync(answer as AsyncIterable<Buffer>)
          .then((pieces) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }))
          .catch(reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

/** What a program has said, and the code that it ended with. */
export interface ResticRun {
  readonly code: number
  readonly output: string
}

/** Runs restic without a cache. Never rejects because restic fails. */
export function runRestic(
  program: string,
  args: readonly string[],
  options: { readonly location: string; readonly password?: string; readonly folder?: string; readonly timeoutMs?: number },
): Promise<ResticRun> {
  const env = {
    PATH: process.env.PATH,
    RESTIC_REPOSITORY: options.location,
    RESTIC_PASSWORD: options.password ?? REPOSITORY_PASSWORD,
    RESTIC_PROGRESS_FPS: '0.1',
    GOMAXPROCS: '2',
  }
  return new Promise((resolve) => {
    const child: ChildProcess = execFile(
      program,
      ['--no-cache', ...args],
      { env, cwd: options.folder, timeout: options.timeoutMs ?? 20_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (child.exitCode ?? -1), output: stdout + stderr })
      },
    )
  })
}

/** The header of Basic authentication. */
export function basicOf({ username, password }: ResticPassword): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** User and password as a URL has them. */
export function credentialsOf({ username, password }: ResticPassword): string {
  return `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
}

/** The name that a file of this content has. */
export function nameOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
