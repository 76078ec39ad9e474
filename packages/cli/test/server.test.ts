import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOLDFAST, holdfast, type Outcome, playground, restic } from './programs.ts'

const place = playground()
const PASSWORDS = { admin: 'admin of the test', ann: 'correct horse battery', bob: 'wrong horse battery' } as const
const running: Running[] = []
let server: Running
let url: string

/** A program that goes on until it is stopped, and what it has said. */
class Running {
  said = ''
  readonly child: ChildProcess
  readonly ended: Promise<number | null>

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(HOLDFAST, args, { cwd: place.folder, env: { PATH: process.env.PATH, HOME: place.folder, ...env } })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text
      })
    }
    this.ended = new Promise((resolve) => this.child.on('close', resolve))
    running.push(this)
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`${pattern} in ${this.said}`, () => pattern.exec(this.said) ?? undefined)
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal)
    return this.ended
  }
}

async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>, timeoutMs = 20_000): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`Cannot see ${what}: it did not come in time`)
}

/** Calls the API as a person. */
class Person {
  readonly #cookie: string

  private constructor(cookie: string) {
    this.#cookie = cookie
  }

  static async signIn(username: keyof typeof PASSWORDS): Promise<Person> {
    const body = JSON.stringify({ username, password: PASSWORDS[username] })
    const reply = await fetch(`${url}/api/v1/session`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(reply.status).toBeLessThan(300)
    return new Person(reply.headers.getSetCookie()[0]?.split(';')[0] ?? '')
  }

  async call(route: string, body?: unknown): Promise<{ readonly status: number; readonly body: ReturnType<typeof JSON.parse> }> {
    const [method = 'GET', path = '/'] = route.split(' ')
    const reply = await fetch(url + path, {
      method,
      headers: { cookie: this.#cookie, origin: url, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    const isJson = /json/.test(reply.headers.get('content-type') ?? '')
    return { status: reply.status, body: isJson ? JSON.parse(text) : text }
  }
}

const serverEnv = (port: string): Record<string, string> => ({
  HOLDFAST_DATA: place.path('data'),
  HOLDFAST_PORT: port,
  HOLDFAST_ADMIN_PASSWORD: PASSWORDS.admin,
  HOLDFAST_LOG_LEVEL: 'warn',
})
const agentEnv = (name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  HOLDFAST_AGENT_STATE: place.path(`state of ${name}`),
  HOLDFAST_AGENT_PAGE_PORT: '0',
  ...more,
})
const agentCommand = (name: string, args: readonly string[]): Promise<Outcome> =>
  holdfast(['agent', ...args], { env: agentEnv(name), folder: place.folder })

beforeAll(async () => {
  server = new Running(['server'], serverEnv('0'))
  ;[, url = ''] = await server.says(/Holdfast is at (\S+)/)
  const admin = await Person.signIn('admin')
  for (const username of ['ann', 'bob'] as const) {
    const created = await admin.call('POST /api/v1/users', { username, password: PASSWORDS[username], role: 'operator' })
    expect(created.status).toBe(201)
  }
  for (const name of ['ann', 'bob']) {
    mkdirSync(place.path('home', name), { recursive: true })
    writeFileSync(place.path('home', name, 'letter.txt'), `Dear ${name}`)
  }
})
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.map(({ ended }) => ended))
  place.remove()
})

describe('a server and its agents, as processes', () => {
  test('one comes in by its user’s password and asks for its folders', async () => {
    const agent = new Running(
      ['agent'],
      agentEnv('ann', {
        SERVER_URL: url,
        USERNAME: 'ann',
        PASSWORD: PASSWORDS.ann,
        CLIENT_NAME: 'desk',
        MONITORED_PATHS: place.path('home', 'ann'),
        PING_INTERVAL: '1',
        HOLDFAST_ALLOW_RESTORES: 'true',
      }),
    )
    await agent.says(/This machine is desk at http/)
    const ann = await Person.signIn('ann')
    const { body: plans } = await ann.call('GET /api/v1/plans')
    expect(plans).toMatchObject([{ selection: { paths: [place.path('home', 'ann')] }, isEnabled: true }])
    const enrolment = place.path('state of ann', 'enrolment.json')
    expect(statSync(enrolment).mode & 0o777).toBe(0o600)
    expect(readFileSync(enrolment, 'utf8')).not.toContain(PASSWORDS.ann)
  })

  test('another comes in by a code, which counts once', async () => {
    const bob = await Person.signIn('bob')
    const { body: client } = await bob.call('POST /api/v1/clients', { name: 'shelf' })
    const { body: enrolment } = await bob.call(`POST /api/v1/clients/${client.id}/enrolment`)
    expect(await agentCommand('bob', ['enrol', url, enrolment.code])).toMatchObject({ code: 0 })
    expect(await agentCommand('thief', ['enrol', url, enrolment.code])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('was used') as string,
    })
    const agent = new Running(['agent'], agentEnv('bob'))
    await agent.says(/This machine is shelf/)
  })

  test('the schedule fires, and both are backed up into one repository', async () => {
    const bob = await Person.signIn('bob')
    const { body: clients } = await bob.call('GET /api/v1/clients')
    const schedule = { cron: '* * * * *', timeZone: 'UTC', jitterSeconds: 0, catchUp: true }
    const { body: repositories } = await bob.call('GET /api/v1/repositories')
    const plan = { name: 'all', repositoryId: repositories[0].id, selection: { paths: [place.path('home', 'bob')] }, schedule }
    const created = await bob.call(`POST /api/v1/clients/${clients.items[0].id}/plans`, plan)
    expect([created.status, created.body]).toMatchObject([201, { isEnabled: true }])
    const ann = await Person.signIn('ann')
    const { body: annsPlans } = await ann.call('GET /api/v1/plans')
    await ann.call(`POST /api/v1/plans/${annsPlans[0].id}/run`)
    for (const person of [ann, bob]) {
      const run = await until('a finished run', () => finishedRun(person), 90_000)
      expect(run).toMatchObject({ state: 'finished', error: null, statistics: { filesNew: 1 } })
    }
    const { body: runs } = await bob.call('GET /api/v1/runs')
    expect(runs.items.at(-1)).toMatchObject({ trigger: 'schedule' })
    await bob.call(`PATCH /api/v1/plans/${created.body.id}`, { isEnabled: false })
  }, 120_000)

  test('nobody sees what is another’s', async () => {
    const [ann, bob] = [await Person.signIn('ann'), await Person.signIn('bob')]
    const { body: snapshots } = await ann.call('GET /api/v1/snapshots')
    expect(snapshots.items).toMatchObject([{ clientName: 'desk' }])
    const { id } = snapshots.items[0]
    expect((await bob.call('GET /api/v1/snapshots')).body.items.map(({ clientName }: { clientName: string }) => clientName)).toEqual([
      'shelf',
    ])
    for (const route of [`GET /api/v1/snapshots/${id}`, `GET /api/v1/snapshots/${id}/entries?path=/`, `DELETE /api/v1/snapshots/${id}`]) {
      expect((await bob.call(route)).status).toBe(404)
    }
    expect((await bob.call(`POST /api/v1/snapshots/${id}/restore`, { target: place.path('stolen') })).status).toBe(404)
    const stolen = await agentCommand('bob', ['restore', snapshots.items[0].snapshotId, '--target', place.path('stolen')])
    expect(stolen).toMatchObject({ code: 1, errors: expect.stringContaining('none that you may see') as string })
    expect(existsSync(place.path('stolen'))).toBe(false)
  })

  test('a machine restores what it lost', async () => {
    rmSync(place.path('home', 'bob', 'letter.txt'))
    expect((await agentCommand('bob', ['snapshots'])).output).toContain(place.path('home', 'bob'))
    expect(await agentCommand('bob', ['restore'])).toMatchObject({ code: 0, output: expect.stringContaining('restored') as string })
    expect(readFileSync(place.path('home', 'bob', 'letter.txt'), 'utf8')).toBe('Dear bob')
  })

  test('a person restores to a machine, if its owner lets servers do that', async () => {
    const [ann, bob] = [await Person.signIn('ann'), await Person.signIn('bob')]
    for (const [person, name] of [
      [ann, 'ann'],
      [bob, 'bob'],
    ] as const) {
      const { body } = await person.call('GET /api/v1/snapshots')
      const target = place.path(`restored for ${name}`)
      const { status, body: run } = await person.call(`POST /api/v1/snapshots/${body.items[0].id}/restore`, { target })
      expect(status).toBe(201)
      const ended = await until('the end of the restore', () => finishedRun(person, run.id))
      if (name === 'ann') {
        expect(ended).toMatchObject({ state: 'finished', error: null })
        expect(readFileSync(`${target}${place.path('home', 'ann', 'letter.txt')}`, 'utf8')).toBe('Dear ann')
      } else {
        expect(ended).toMatchObject({ state: 'error', error: { code: 'policy.forbidden' } })
        expect(existsSync(target)).toBe(false)
      }
    }
  })

  test('agents outlive their server, and it them', async () => {
    const port = new URL(url).port
    expect(await server.stop()).toBe(0)
    writeFileSync(place.path('home', 'ann', 'second.txt'), 'Yours')
    server = new Running(['server'], serverEnv(port))
    await server.says(/Holdfast is at/)
    const ann = await Person.signIn('ann')
    const { body: plans } = await ann.call('GET /api/v1/plans')
    const { body: run } = await ann.call(`POST /api/v1/plans/${plans[0].id}/run`)
    const ended = await until('a run after the restart', () => finishedRun(ann, run.id), 60_000)
    expect(ended).toMatchObject({ state: 'finished', statistics: { filesNew: 1, filesUnmodified: 1 } })
    const status = await agentCommand('ann', ['status', '--json'])
    expect(JSON.parse(status.output)).toMatchObject({ client: 'desk', running: true, lastRun: { outcome: { state: 'finished' } } })
  }, 90_000)

  test('what is stored is a repository that restic finds sound', async () => {
    const admin = await Person.signIn('admin')
    const { body: repositories } = await admin.call('GET /api/v1/repositories')
    const kit = await fetchKit(admin, repositories[0].id)
    const [, password = ''] = /RESTIC_PASSWORD='([^']+)'/.exec(kit) ?? []
    const env = {
      RESTIC_REPOSITORY: repositories[0].location,
      RESTIC_PASSWORD: password,
      RESTIC_CACHE_DIR: place.path('cache'),
    }
    // It takes the repository for itself, which a server at work does not allow.
    expect(await server.stop()).toBe(0)
    const checked = await restic(['check', '--read-data'], { env })
    expect([checked.code, checked.errors]).toEqual([0, ''])
  })
})

async function finishedRun(person: Person, id?: number): Promise<ReturnType<typeof JSON.parse> | undefined> {
  const { body } = await person.call('GET /api/v1/runs?limit=20')
  const runs: readonly { readonly id: number; readonly state: string }[] = body.items
  const run = id === undefined ? runs.at(-1) : runs.find((one) => one.id === id)
  return run === undefined || ['pending', 'running'].includes(run.state) ? undefined : run
}

async function fetchKit(person: Person, id: number): Promise<string> {
  const { status, body } = await person.call(`GET /api/v1/repositories/${id}/recovery-kit`)
  expect(status).toBe(200)
  return String(body)
}
