import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allDatabases } from '../src/testing/test-server.ts'
import { Person, type Running, System, until } from './system.ts'

const PASSWORD = 'admin of the test'

for (const databases of allDatabases()) {
  describe(`a machine that is asked, on ${databases.name}`, () => {
    const place = new System()
    const home = place.path('home')
    const policy = place.path('state', 'agent.yaml')
    let url: string
    let admin: Person
    let agent: Running
    let clientId: number

    beforeAll(async () => {
      const databaseUrl = await databases.create()
      const server = place.start(['server'], {
        HOLDFAST_DATA: place.path('data'),
        HOLDFAST_PORT: '0',
        HOLDFAST_ADMIN_PASSWORD: PASSWORD,
        HOLDFAST_LOG_LEVEL: 'warn',
        ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      })
      ;[, url = ''] = await server.says(/Holdfast is at (\S+)/)
      admin = await Person.signIn(url, { username: 'admin', password: PASSWORD })
      mkdirSync(place.path('home', 'docs', 'deep'), { recursive: true })
      mkdirSync(place.path('state'), { mode: 0o700 })
      writeFileSync(place.path('home', 'docs', 'a.txt'), 'abc')
      writeFileSync(place.path('home', 'docs', 'deep', 'b.bin'), Buffer.alloc(1000))
      writeFileSync(Buffer.concat([Buffer.from(`${home}/docs/caf`), Buffer.from([0xe9])]), 'no text')
      clientId = (await admin.call('POST /api/v1/clients', { name: 'desk' })).body.id
      const { code } = (await admin.call(`POST /api/v1/clients/${clientId}/enrolment`)).body
      await place.run(['agent', 'enrol', url, code], agentEnv())
      agent = startAgent()
      await agent.says(/This machine is desk/)
    })
    afterAll(async () => {
      await place[Symbol.asyncDispose]()
      await databases.stop()
    })

    const agentEnv = (): Record<string, string> => ({
      HOLDFAST_AGENT_STATE: place.path('state'),
      CLIENT_UI_ENABLED: 'false',
      PING_INTERVAL: '1',
    })
    const startAgent = (): Running => place.start(['agent'], { ...agentEnv(), HOLDFAST_ALLOW_COMMANDS: 'true' })
    const look = (path?: string) =>
      admin.call(`GET /api/v1/clients/${clientId}/folders${path === undefined ? '' : `?path=${encodeURIComponent(path)}`}`)
    /** As soon as the agent listens. */
    const found = (path?: string) =>
      until('an answer', async () => {
        const answer = await look(path)
        return answer.status === 409 && answer.body.code === 'client.not-connected' ? undefined : answer
      })

    test('tells of its folders', async () => {
      expect((await found()).body.entries).toMatchObject([{ path: '/', kind: 'dir' }])
      const { status, body } = await look(`${home}/docs`)
      expect(status).toBe(200)
      expect(body).toMatchObject({
        path: `${home}/docs`,
        isTruncated: false,
        entries: [
          { name: 'deep', kind: 'dir', selectionPath: `${home}/docs/deep`, sizeBytes: null },
          { name: 'a.txt', kind: 'file', sizeBytes: 3 },
          { path: `${home}/docs/caf%E9`, name: 'caf\ufffd', selectionPath: null, sizeBytes: 7 },
        ],
      })
      expect((await look(`${home}/none`)).status).toBe(404)
    })

    test('weighs a selection', async () => {
      const body = { paths: [home], excludes: ['*.bin'] }
      expect(await admin.call(`POST /api/v1/clients/${clientId}/selection-preview`, body)).toMatchObject({
        status: 200,
        body: {
          included: { fileCount: 2, folderCount: 3, sizeBytes: 10 },
          excluded: { fileCount: 1, sizeBytes: 1000 },
          biggestExcluded: [{ path: `${home}/docs/deep/b.bin`, sizeBytes: 1000 }],
          isPartial: false,
        },
      })
    })

    test('answers while it carries out a run', async () => {
      const stop = place.path('stop')
      await admin.call('POST /api/v1/setup/repository')
      const plan = await admin.call(`POST /api/v1/clients/${clientId}/plans`, {
        name: 'slow',
        selection: { paths: [home] },
        schedule: { cron: null },
        hooks: { pre: [{ line: `while [ ! -e '${stop}' ]; do sleep 0.1; done` }] },
      })
      const run = await admin.call(`POST /api/v1/plans/${plan.body.id}/run`)
      const state = async (): Promise<string> => (await admin.call(`GET /api/v1/runs/${run.body.id}`)).body.state
      await until('the run', async () => ((await state()) === 'running' ? true : undefined))
      for (let time = 0; time < 3; time++) expect((await found(home)).body.entries).toMatchObject([{ name: 'docs' }])
      expect(await state()).toBe('running')
      writeFileSync(stop, '')
      await until('the end of the run', async () => ((await state()) === 'finished' ? true : undefined))
      expect((await found(home)).status).toBe(200)
    })

    test('says no more than its owner allows', async () => {
      writeFileSync(policy, `paths:\n  backup: ["${home}/docs/deep"]\n`, { mode: 0o600 })
      expect((await found()).body.entries).toMatchObject([{ path: `${home}/docs/deep` }])
      expect((await look(`${home}/docs`)).body.entries).toMatchObject([{ name: 'deep' }])
      expect((await look('/etc')).body.code).toBe('client.refused')
      const preview = await admin.call(`POST /api/v1/clients/${clientId}/selection-preview`, { paths: ['/etc'] })
      expect(preview.body.code).toBe('client.refused')
      writeFileSync(policy, 'browsing: deny\n', { mode: 0o600 })
      expect((await look()).body.code).toBe('client.refused')
      rmSync(policy)
      expect((await look()).status).toBe(200)
    })

    test('that went is known to be away', async () => {
      await agent.stop('SIGKILL')
      await until('that it is away', async () => ((await look()).body.code === 'client.not-connected' ? true : undefined))
      agent = startAgent()
      expect((await found(home)).status).toBe(200)
    })
  })
}
