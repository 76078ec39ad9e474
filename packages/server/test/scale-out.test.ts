import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { secureRandom } from '@holdfast/engine'
import { type CephS3, resticBinaries, startCephS3 } from '@holdfast/engine/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../src/testing/postgres.ts'
import { type Answer, Person, type Running, System, until } from './system.ts'

const LOGIN = { username: 'admin', password: 'admin of the test' }
const BUCKET = 'holdfast-scale-out'

/** Sends each connection to the next server that takes it: what a balancer without any memory does. */
class Balancer {
  ports: number[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #next = 0

  constructor() {
    this.#server = createServer((incoming) => this.#serve(incoming, this.ports.length))
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #serve(incoming: Socket, attempts: number): void {
    this.#sockets.add(incoming)
    const port = this.ports[this.#next++ % this.ports.length] ?? 0
    const outgoing = connect(port, '127.0.0.1')
    const end = (): void => {
      incoming.destroy()
      outgoing.destroy()
    }
    outgoing.once('connect', () => {
      incoming.pipe(outgoing).pipe(incoming)
      incoming.on('close', end)
      outgoing.on('close', end)
    })
    incoming.on('error', end)
    outgoing.on('error', () => (outgoing.connecting && attempts > 1 ? this.#serve(incoming, attempts - 1) : end()))
  }
}

const system = new System()
const balancer = new Balancer()
let postgres: TestPostgres
let ceph: CephS3
let url: string
let servers: Running[]
let admin: Person
let planId: number

beforeAll(async () => {
  ;[postgres, ceph] = await Promise.all([startPostgres(), startCephS3()])
  const databaseUrl = await postgres.createDatabase()
  const env = {
    HOLDFAST_PORT: '0',
    HOLDFAST_ADMIN_PASSWORD: LOGIN.password,
    HOLDFAST_MASTER_KEY: secureRandom(32).toString('base64'),
    HOLDFAST_LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
    S3_BUCKET: BUCKET,
    S3_ENDPOINT: ceph.endpoint,
    AWS_ACCESS_KEY_ID: ceph.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ceph.secretAccessKey,
  }
  servers = []
  for (const name of ['one', 'two']) {
    const server = system.start(['server'], { ...env, HOLDFAST_DATA: system.path(name) })
    const [, address = ''] = await server.says(/Holdfast is at (\S+)/)
    balancer.ports.push(Number(new URL(address).port))
    servers.push(server)
  }
  url = await balancer.listen()
  admin = await Person.signIn(url, LOGIN)
  mkdirSync(system.path('data'))
  for (let file = 0; file < 60; file++) writeFileSync(system.path('data', `file-${file}`), secureRandom(2_000_000))
  const agent = system.start(['agent'], {
    HOLDFAST_AGENT_STATE: system.path('agent'),
    SERVER_URL: url,
    USERNAME: LOGIN.username,
    PASSWORD: LOGIN.password,
    CLIENT_NAME: 'desk',
    MONITORED_PATHS: system.path('data'),
    CLIENT_UI_ENABLED: 'false',
    PING_INTERVAL: '1',
  })
  await agent.says(/This machine is desk/)
  planId = (await admin.call('GET /api/v1/plans')).body.items[0].id
})
afterAll(async () => {
  balancer.close()
  await system[Symbol.asyncDispose]()
  await Promise.all([postgres.stop(), ceph.stop()])
})

async function runEnded(id: number): Promise<Answer['body']> {
  let last = ''
  return until(
    () => `the end of run ${id}: ${last}`,
    async () => {
      const answer = await admin.call(`GET /api/v1/runs/${id}`).catch(() => undefined)
      last = JSON.stringify(answer)
      return answer?.status !== 200 || ['pending', 'running'].includes(answer.body.state) ? undefined : answer.body
    },
    200_000,
  )
}

describe('two servers on one PostgreSQL and one S3', () => {
  test('answer as one, whichever a request comes to', async () => {
    for (let round = 0; round < 4; round++) {
      expect((await admin.call('GET /api/v1/clients')).body.items).toMatchObject([{ name: 'desk' }])
    }
    const { body: run } = await admin.call(`POST /api/v1/plans/${planId}/run`)
    expect(await runEnded(run.id)).toMatchObject({ state: 'finished', error: null, statistics: { filesNew: 60 } })
  })

  test('lose nothing when the one that writes is killed in the middle of an upload', async () => {
    for (let file = 0; file < 60; file++) writeFileSync(system.path('data', `file-${file}`), secureRandom(2_000_000))
    // Slowly enough to be killed in the middle: 120 MB take six seconds.
    const limits = { blackouts: [], uploadBytesPerSecond: 20_000_000 }
    expect((await admin.call(`PATCH /api/v1/plans/${planId}`, { limits })).status).toBe(200)
    const { body: run } = await admin.call(`POST /api/v1/plans/${planId}/run`)
    await until('the upload', async () => {
      const { body } = await admin.call(`GET /api/v1/runs/${run.id}`)
      return body.state === 'running' ? true : undefined
    })
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect((await admin.call(`GET /api/v1/runs/${run.id}`)).body.state).toBe('running')
    const writer = await writingServer()
    await servers[writer]?.stop('SIGKILL')
    balancer.ports = balancer.ports.toSpliced(writer, 1)
    const ended = await runEnded(run.id)
    expect(ended).toMatchObject({ state: 'finished', error: null, statistics: { filesChanged: 60 } })
    const { body: snapshots } = await admin.call('GET /api/v1/snapshots')
    expect(snapshots.items).toHaveLength(2)
  }, 240_000)

  test('leave a repository that restic finds sound', async () => {
    const [repository] = (await admin.call('GET /api/v1/repositories')).body
    const kit = String((await admin.call(`GET /api/v1/repositories/${repository.id}/recovery-kit`)).body)
    const [, password = ''] = /RESTIC_PASSWORD='([^']+)'/.exec(kit) ?? []
    for (const server of servers) await server.stop()
    const binary = resticBinaries().find(({ name }) => name === 'current')?.path ?? 'restic'
    const env = {
      PATH: process.env.PATH,
      RESTIC_REPOSITORY: repository.location,
      RESTIC_PASSWORD: password,
      RESTIC_CACHE_DIR: system.path('cache'),
      AWS_ACCESS_KEY_ID: ceph.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ceph.secretAccessKey,
    }
    await promisify(execFile)(binary, ['unlock', '--remove-all'], { env })
    expect((await promisify(execFile)(binary, ['check', '--read-data'], { env })).stdout).toContain('no errors were found')
  })
})

/** Which of the servers has the upload: the one that holds the lease of the repository. */
async function writingServer(): Promise<number> {
  const holders = await postgres.query<{ holder: string }>("select holder from leases where name like 'writer %'")
  const port = Number(new URL(holders[0]?.holder.split(' ')[1] ?? '').port)
  return balancer.ports.indexOf(port)
}
