import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { secureRandom } from '@holdfast/engine'
import { freePort, resticBinaries } from '@holdfast/engine/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../src/testing/postgres.ts'
import { type Answer, Person, type Running, System, until } from './system.ts'

const ROUNDS = 104
/** A backup of the data takes about as long: every step of it gets its share of kills. */
const LATEST_KILL_MS = 700
const FILES = 12
const FILE_BYTES = 600_000
const LOGIN = { username: 'admin', password: 'admin of the test' }
const PASSWORD = 'correct horse battery'

const NODE = process.execPath
const STORAGE = fileURLToPath(new URL('storage-process.ts', import.meta.url))

const system = new System()
let postgres: TestPostgres
let databaseUrl: string
let ports: { readonly server: number; readonly storage: number }
let storage: Running
let server: Running
let agent: Running
let admin: Person
let planId: number
let url: string

beforeAll(async () => {
  postgres = await startPostgres()
  databaseUrl = await postgres.createDatabase()
  ports = { server: await freePort(), storage: await freePort() }
  url = `http://127.0.0.1:${ports.server}`
  mkdirSync(system.path('repository'))
  mkdirSync(system.path('data'))
  storage = await startStorage()
  server = await startServer()
  admin = await Person.signIn(url, LOGIN)
  const location = `rest:http://127.0.0.1:${ports.storage}/`
  const repository = await admin.call('POST /api/v1/repositories', {
    name: 'main',
    location,
    password: PASSWORD,
    mode: 'create',
    isDefault: true,
  })
  expect(repository).toMatchObject({ status: 201 })
  changeData(0)
  agent = await startAgent()
  planId = await until('the plan', async () => (await admin.call('GET /api/v1/plans')).body.items?.[0]?.id)
})
afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await postgres.stop()
})

async function startStorage(): Promise<Running> {
  const running = system.startProgram(NODE, [STORAGE, system.path('repository'), String(ports.storage)], {})
  await running.says(/serving at/)
  return running
}

async function startServer(): Promise<Running> {
  const running = system.start(['server'], {
    HOLDFAST_DATA: system.path('server'),
    HOLDFAST_PORT: String(ports.server),
    HOLDFAST_ADMIN_PASSWORD: LOGIN.password,
    HOLDFAST_LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
  })
  await running.says(/Holdfast is at/)
  return running
}

async function startAgent(): Promise<Running> {
  const running = system.start(['agent'], {
    HOLDFAST_AGENT_STATE: system.path('agent'),
    SERVER_URL: url,
    USERNAME: LOGIN.username,
    PASSWORD: LOGIN.password,
    CLIENT_NAME: 'desk',
    MONITORED_PATHS: system.path('data'),
    CLIENT_UI_ENABLED: 'false',
    PING_INTERVAL: '1',
  })
  await running.says(/This machine is desk/)
  return running
}

/** Each dies as by the power switch, and comes back. */
const VICTIMS: readonly (() => Promise<void>)[] = [
  async () => {
    await agent.stop('SIGKILL')
    agent = await startAgent()
  },
  async () => {
    await server.stop('SIGKILL')
    server = await startServer()
  },
  async () => {
    await postgres.kill()
    await postgres.start()
  },
  async () => {
    await storage.stop('SIGKILL')
    storage = await startStorage()
  },
]

/** Some files of the data are new each time. */
function changeData(round: number): void {
  for (let file = 0; file < FILES; file++) {
    if (round === 0 || (file + round) % 3 === 0) writeFileSync(system.path('data', `file-${file}`), secureRandom(FILE_BYTES))
  }
}

/** Calls the API while parts of the system may be away. */
async function insist(route: string): Promise<Answer> {
  let last = ''
  const what = (): string => `${route}; last ${last}; the server has ended with ${server.child.exitCode} and said ${server.errors}`
  const look = async (): Promise<Answer | undefined> => {
    const answer = await admin.call(route).catch((error: unknown) => String(error))
    last = JSON.stringify(answer)
    return typeof answer === 'string' || answer.status >= 500 ? undefined : answer
  }
  return until(what, look, 60_000)
}

interface ListedRun {
  readonly id: number
  readonly state: string
  readonly notBefore: string | null
  readonly snapshotId: string | null
}

/** All runs, newest first. */
async function allRuns(): Promise<readonly ListedRun[]> {
  const items: Answer['body'][] = []
  for (let next: string | null = ''; next !== null; ) {
    const { body } = await insist(`GET /api/v1/runs?limit=100${next === '' ? '' : `&cursor=${next}`}`)
    items.push(...body.items)
    next = body.next
  }
  return items
}

test(`agent, server, database and storage survive ${ROUNDS} kills`, async () => {
  let killedAtWork = 0
  for (let round = 1; round <= ROUNDS; round++) {
    changeData(round)
    const begun = await insist(`POST /api/v1/plans/${planId}/run`)
    // What was interrupted before may be tried again at this moment, which does as well.
    expect([201, 409]).toContain(begun.status)
    await new Promise((resolve) => setTimeout(resolve, (secureRandom(2).readUInt16LE() / 0xffff) * LATEST_KILL_MS))
    const [current] = (await insist('GET /api/v1/runs?limit=1')).body.items
    if (['pending', 'running'].includes(current?.state)) killedAtWork++
    await VICTIMS[round % VICTIMS.length]?.()
    // Every now and then it may come to an end, so that there are snapshots to lose.
    if (round % 3 === 0) await settled(300_000)
  }
  // The kills hit backups that were under way, or the test shows nothing.
  expect(killedAtWork).toBeGreaterThan(ROUNDS / 4)

  const runs = await settled(300_000)
  const saved = runs.flatMap(({ snapshotId }) => (snapshotId === null ? [] : [snapshotId]))
  expect(saved.length).toBeGreaterThan(ROUNDS / 4)
  await insist(`POST /api/v1/plans/${planId}/run`)
  const last = await until(
    'a last good run',
    async () => (await allRuns()).find(({ id, state }) => id > (runs[0]?.id ?? 0) && state === 'finished'),
    60_000,
  )
  const registered = await registeredSnapshots()

  await server.stop()
  const stored = JSON.parse(await restic(['snapshots', '--json'])) as { readonly id: string }[]
  const ids = new Set(stored.map(({ id }) => id))
  expect([...saved, last.snapshotId ?? ''].filter((id) => !ids.has(id))).toEqual([])
  expect(registered.filter((id) => !ids.has(id))).toEqual([])
  expect(saved.filter((id) => !registered.includes(id))).toEqual([])
  expect(await restic(['check', '--read-data'])).toContain('no errors were found')
}, 1_500_000)

/** All runs, when none waits or runs any more. */
async function settled(timeoutMs: number): ReturnType<typeof allRuns> {
  let all: Awaited<ReturnType<typeof allRuns>> = []
  const what = (): string => `the end of every run in ${JSON.stringify(all.slice(0, 3))}`
  const look = async (): Promise<typeof all | undefined> => {
    all = await allRuns()
    // What was interrupted is tried again in a minute; somebody who asks for it now does not wait that long.
    if (all.some(({ state, notBefore }) => state === 'pending' && notBefore !== null)) await insist(`POST /api/v1/plans/${planId}/run`)
    return all.some(({ state }) => state === 'pending' || state === 'running') ? undefined : all
  }
  return until(what, look, timeoutMs)
}

async function registeredSnapshots(): Promise<readonly string[]> {
  const ids: string[] = []
  for (let next: string | null = ''; next !== null; ) {
    const { body } = await insist(`GET /api/v1/snapshots?limit=100${next === '' ? '' : `&cursor=${next}`}`)
    ids.push(...body.items.map(({ snapshotId }: { readonly snapshotId: string }) => snapshotId))
    next = body.next
  }
  return ids
}

/** The current restic on the folder behind the storage. Locks of servers that were killed are the server's to remove: it is gone. */
async function restic(args: readonly string[]): Promise<string> {
  const binary = resticBinaries().find(({ name }) => name === 'current')?.path ?? 'restic'
  const env = {
    PATH: process.env.PATH,
    RESTIC_REPOSITORY: system.path('repository'),
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_CACHE_DIR: system.path('cache'),
  }
  await promisify(execFile)(binary, ['unlock', '--remove-all'], { env })
  return (await promisify(execFile)(binary, args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout
}
