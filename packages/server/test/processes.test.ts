import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { resticBinaries } from '@holdfast/engine/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Outcome, Person, type Running, System, until } from './system.ts'

const place = new System()
const PASSWORDS = { admin: 'admin of the test', ann: 'correct horse battery', bob: 'wrong horse battery' } as const
let server: Running
let url: string

const signIn = (username: keyof typeof PASSWORDS): Promise<Person> => Person.signIn(url, { username, password: PASSWORDS[username] })
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
const agentCommand = (name: string, args: readonly string[]): Promise<Outcome> => place.run(['agent', ...args], agentEnv(name))

beforeAll(async () => {
  server = place.start(['server'], serverEnv('0'))
  ;[, url = ''] = await server.says(/Holdfast is at (\S+)/)
  const admin = await signIn('admin')
  for (const username of ['ann', 'bob'] as const) {
    const created = await admin.call('POST /api/v1/users', { username, password: PASSWORDS[username], role: 'operator' })
    expect(created.status).toBe(201)
  }
  for (const name of ['ann', 'bob']) {
    mkdirSync(place.path('home', name), { recursive: true })
    writeFileSync(place.path('home', name, 'letter.txt'), `Dear ${name}`)
  }
})
afterAll(() => place[Symbol.asyncDispose]())

describe('a server and its agents, as processes', () => {
  test('one comes in by its user’s password and asks for its folders', async () => {
    const agent = place.start(
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
    const ann = await signIn('ann')
    const { items: plans } = (await ann.call('GET /api/v1/plans')).body
    expect(plans).toMatchObject([{ selection: { paths: [place.path('home', 'ann')] }, isEnabled: true }])
    const enrolment = place.path('state of ann', 'enrolment.json')
    expect(statSync(enrolment).mode & 0o777).toBe(0o600)
    expect(readFileSync(enrolment, 'utf8')).not.toContain(PASSWORDS.ann)
  })

  test('another comes in by a code, which counts once', async () => {
    const bob = await signIn('bob')
    const { body: client } = await bob.call('POST /api/v1/clients', { name: 'shelf' })
    const { body: enrolment } = await bob.call(`POST /api/v1/clients/${client.id}/enrolment`)
    expect(await agentCommand('bob', ['enrol', url, enrolment.code])).toMatchObject({ code: 0 })
    expect(await agentCommand('thief', ['enrol', url, enrolment.code])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('was used') as string,
    })
    const agent = place.start(['agent'], agentEnv('bob'))
    await agent.says(/This machine is shelf/)
  })

  test('the schedule fires, and both are backed up into one repository', async () => {
    const bob = await signIn('bob')
    const { body: clients } = await bob.call('GET /api/v1/clients')
    const schedule = { cron: '* * * * *', timeZone: 'UTC', jitterSeconds: 0, catchUp: true }
    const { body: repositories } = await bob.call('GET /api/v1/repositories')
    const plan = { name: 'all', repositoryId: repositories[0].id, selection: { paths: [place.path('home', 'bob')] }, schedule }
    const created = await bob.call(`POST /api/v1/clients/${clients.items[0].id}/plans`, plan)
    expect([created.status, created.body]).toMatchObject([201, { isEnabled: true }])
    const ann = await signIn('ann')
    const { items: annsPlans } = (await ann.call('GET /api/v1/plans')).body
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
    const [ann, bob] = [await signIn('ann'), await signIn('bob')]
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
    const [ann, bob] = [await signIn('ann'), await signIn('bob')]
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
    server = place.start(['server'], serverEnv(port))
    await server.says(/Holdfast is at/)
    const ann = await signIn('ann')
    const { items: plans } = (await ann.call('GET /api/v1/plans')).body
    const { body: run } = await ann.call(`POST /api/v1/plans/${plans[0].id}/run`)
    const ended = await until('a run after the restart', () => finishedRun(ann, run.id), 60_000)
    expect(ended).toMatchObject({ state: 'finished', statistics: { filesNew: 1, filesUnmodified: 1 } })
    const status = await agentCommand('ann', ['status', '--json'])
    expect(JSON.parse(status.output)).toMatchObject({ client: 'desk', running: true, lastRun: { outcome: { state: 'finished' } } })
  }, 90_000)

  test('what is stored is a repository that restic finds sound', async () => {
    const admin = await signIn('admin')
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
    const binary = resticBinaries().find(({ name }) => name === 'current')?.path ?? 'restic'
    const checked = await promisify(execFile)(binary, ['check', '--read-data'], { env: { PATH: process.env.PATH, ...env } })
    expect(checked.stdout).toContain('no errors were found')
  })
})

async function finishedRun(person: Person, id?: number): Promise<Answer['body'] | undefined> {
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
