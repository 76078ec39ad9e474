import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../options.ts'

const HOLDFAST = join(ROOT, 'bin/holdfast')
const LOGIN = { username: 'admin', password: 'the bench has no secrets' }
const READY_WITHIN_MS = 20_000
const RUN_WITHIN_MS = 20 * 60_000

/** The answer of the API. */
type Json = ReturnType<typeof JSON.parse>

/** A server of its own with everything in one folder, and agents of it: real processes, as users run them. */
export class Installation implements AsyncDisposable {
  readonly url: string
  readonly #folder: string
  readonly #server: ChildProcess
  readonly #agents: ChildProcess[] = []
  readonly #cookie: string

  private constructor(folder: string, parts: { readonly server: ChildProcess; readonly url: string; readonly cookie: string }) {
    this.#folder = folder
    this.#server = parts.server
    this.url = parts.url
    this.#cookie = parts.cookie
  }

  static async start(folder: string): Promise<Installation> {
    const server = spawn(HOLDFAST, ['server'], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        HOLDFAST_DATA: join(folder, 'data'),
        HOLDFAST_PORT: '0',
        HOLDFAST_ADMIN_PASSWORD: LOGIN.password,
        HOLDFAST_LOG_LEVEL: 'silent',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const url = await said(server, /Holdfast is at (\S+)/)
    const { headers } = await send(`POST ${url}/api/v1/session`, { body: LOGIN })
    return new Installation(folder, { server, url, cookie: headers.getSetCookie()[0]?.split(';')[0] ?? '' })
  }

  /** What the server's process holds of the machine's memory now, in bytes. */
  get serverBytes(): number {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#server.pid}/status`, 'utf8'))
    return Number(found?.[1]) * 1024
  }

  async call(route: string, body?: unknown): Promise<Json> {
    const [method = 'GET', path = '/'] = route.split(' ')
    const reply = await send(`${method} ${this.url}${path}`, { body, cookie: this.#cookie })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${route}: ${reply.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  /** Makes a repository in the folder, and gives its id. */
  async addRepository(name: string, mode: 'create' | 'client' = 'create'): Promise<number> {
    return (await this.call('POST /api/v1/repositories', { name, location: join(this.#folder, name), mode, isDefault: false })).id
  }

  /** A client whose agent is at work; it reaches the server at `url`. Gives the client's id. */
  async addAgent(name: string, { url = this.url }: { readonly url?: string } = {}): Promise<number> {
    const agent = spawn(HOLDFAST, ['agent'], {
      cwd: this.#folder,
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        HOLDFAST_AGENT_STATE: join(this.#folder, `agent-${name}`),
        SERVER_URL: url,
        USERNAME: LOGIN.username,
        PASSWORD: LOGIN.password,
        CLIENT_NAME: name,
        MONITORED_PATHS: '/nowhere',
        CLIENT_UI_ENABLED: 'false',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#agents.push(agent)
    await said(agent, /This machine is (\S+)/)
    const { items } = await this.call(`GET /api/v1/clients?search=${name}`)
    return items[0].id
  }

  /** Adds a plan that runs when it is told to. Gives its id. */
  async addPlan(
    clientId: number,
    plan: { readonly name: string; readonly repositoryId: number; readonly paths: readonly string[] },
  ): Promise<number> {
    const { name, repositoryId, paths } = plan
    const schedule = { cron: null, timeZone: 'UTC', jitterSeconds: 0, catchUp: false }
    return (await this.call(`POST /api/v1/clients/${clientId}/plans`, { name, repositoryId, selection: { paths }, schedule })).id
  }

  /** Runs a plan to its end. Gives the seconds that it took, from asking for it to knowing of its end, and what it says of itself. */
  async runPlan(planId: number): Promise<{ readonly seconds: number; readonly statistics: Json }> {
    const begin = performance.now()
    const { id } = await this.call(`POST /api/v1/plans/${planId}/run`)
    while (performance.now() - begin < RUN_WITHIN_MS) {
      const { state, statistics, error } = await this.call(`GET /api/v1/runs/${id}`)
      const seconds = (performance.now() - begin) / 1000
      if (state === 'finished') return { seconds, statistics }
      if (state !== 'pending' && state !== 'running') throw new Error(`the run ended with ${state}: ${JSON.stringify(error)}`)
      await sleep(20)
    }
    throw new Error('the run does not come to an end')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [...this.#agents, this.#server]) {
      const ended = new Promise((resolve) => child.on('close', resolve))
      if (child.exitCode === null && child.kill('SIGINT')) await ended
    }
  }
}

function send(route: string, { body, cookie }: { readonly body?: unknown; readonly cookie?: string }): Promise<Response> {
  const [method = 'GET', url = ''] = route.split(' ')
  const headers: Record<string, string> = {
    ...(cookie === undefined ? {} : { cookie }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

/** A way to the server that counts the bytes that go through it towards the server. */
export class CountingWay {
  sentBytes = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(port: number) {
    this.#server = createServer((incoming) => {
      const outgoing = connect(port, '127.0.0.1')
      for (const socket of [incoming, outgoing]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          incoming.destroy()
          outgoing.destroy()
        })
      }
      incoming.on('data', (piece: Buffer) => {
        this.sentBytes += piece.length
      })
      incoming.pipe(outgoing).pipe(incoming)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}

async function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  for (const end = performance.now() + READY_WITHIN_MS; performance.now() < end; await sleep(20)) {
    const found = pattern.exec(output)
    if (found !== null) return found[1] ?? ''
  }
  throw new Error(`the program does not say ${pattern}: ${output}`)
}
