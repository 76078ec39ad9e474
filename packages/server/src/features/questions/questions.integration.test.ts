import { secureRandom, systemClock } from '@holdfast/engine'
import type { QuestionAnswer } from '@holdfast/protocol'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildApp } from '../../app.ts'
import { composeServices, type Services } from '../../composition.ts'
import { openDatabase } from '../../db/database.ts'
import type { App } from '../../http/app-type.ts'
import { SecretBox } from '../../secrets/secret-box.ts'
import { samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

type Answer = Pick<LightMyRequestResponse, 'statusCode'> & { readonly body: ReturnType<typeof JSON.parse> }

const FOLDER = {
  kind: 'folder',
  isTruncated: false,
  entries: [
    { name: 'b10', kind: 'file', sizeBytes: 3, modifiedAtMs: 0 },
    { name: 'b9', kind: 'file', sizeBytes: 3, modifiedAtMs: 8e15 },
    { name: 'caf\xe9', kind: 'dir', sizeBytes: null, modifiedAtMs: null },
    { name: '\xc3\xbc\xe2\x80\xae%', kind: 'dir', sizeBytes: null, modifiedAtMs: 1000 },
  ],
} as const

const ROOTS = { kind: 'folder', path: null } as const
const LIMITS = { ofClient: 8, open: 100 }

for (const databases of allDatabases()) {
  describe(`questions to machines on ${databases.name}`, () => {
    let server: TestServer
    let clientId: number
    let token: string
    let otherToken: string
    let databaseUrl: string | undefined

    beforeEach(async () => {
      databaseUrl = await databases.create()
      server = await TestServer.start({ databaseUrl })
      const ann = await server.addUser('ann', 'operator')
      await server.addUser('bob', 'operator')
      await server.addUser('eve', 'viewer')
      clientId = await addClient(ann, 'desk', (own) => {
        token = own
      })
      await addClient(ann, 'other', (own) => {
        otherToken = own
      })
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function addClient(ownerId: number, name: string, onToken: (token: string) => void): Promise<number> {
      const client = await server.services.clients.createFor(ownerId, { name, settings: undefined }, SERVER_ORIGIN)
      onToken(await server.services.enrolments.rotate(client, SERVER_ORIGIN))
      return client.id
    }
    async function send(route: string, options: Parameters<TestServer['request']>[1]): Promise<Answer> {
      const { statusCode, body } = await server.request(route, options)
      return { statusCode, body: body === '' ? undefined : JSON.parse(body) }
    }
    const look = (query = '?path=/home', as = 'ann'): Promise<Answer> => send(`GET /api/v1/clients/${clientId}/folders${query}`, { as })
    const agent = (path: string, body: object, own = token): Promise<Answer> => send(`POST /agent/v1/${path}`, { token: own, body })
    const claim = (): Promise<Answer> => agent('runs/claim', { waitSeconds: 20, answersQuestions: true })
    const questionOf = async (claimed: Promise<Answer>): Promise<{ readonly id: number; readonly question: { readonly path?: unknown } }> =>
      (await claimed).body.question
    /** An agent that is connected; resolves once the server knows that. */
    async function connect(): Promise<{ readonly claimed: Promise<Answer> }> {
      const claimed = claim()
      while (!(await server.services.listeners.has(clientId))) await systemClock.sleep(5)
      return { claimed }
    }
    async function askedAs(as: string, query?: string): Promise<readonly [Promise<Answer>, number]> {
      const { claimed } = await connect()
      const looking = look(query, as)
      return [looking, (await questionOf(claimed)).id]
    }

    it('are heard of with the answer to a claim, and their answers come back in the form of paths in snapshots', async () => {
      const { claimed } = await connect()
      const looking = look('?path=/home/caf%25E9')
      const { id, question } = await questionOf(claimed)
      expect(question).toEqual({ kind: 'folder', path: '/home/caf\xe9' })
      expect((await agent(`questions/${id}`, FOLDER)).statusCode).toBe(204)
      expect(await looking).toEqual({
        statusCode: 200,
        body: {
          path: '/home/caf%E9',
          isTruncated: false,
          entries: [
            { path: '/home/caf%E9/caf%E9', selectionPath: null, name: 'caf\ufffd', kind: 'dir', sizeBytes: null, modifiedAt: null },
            {
              ...{ path: '/home/caf%E9/ü\u202e%25', selectionPath: null, name: 'ü\ufffd%', kind: 'dir' },
              ...{ sizeBytes: null, modifiedAt: '1970-01-01T00:00:01.000Z' },
            },
            { path: '/home/caf%E9/b9', selectionPath: null, name: 'b9', kind: 'file', sizeBytes: 3, modifiedAt: null },
            {
              ...{ path: '/home/caf%E9/b10', selectionPath: null, name: 'b10', kind: 'file' },
              ...{ sizeBytes: 3, modifiedAt: '1970-01-01T00:00:00.000Z' },
            },
          ],
        },
      })
      expect(await server.services.questions.take(clientId)).toBeUndefined()
      expect(await server.database.queries.selectFrom('questions').selectAll().execute()).toEqual([])
    })

    it('name what a plan can select', async () => {
      const [looking, id] = await askedAs('ann', '')
      await agent(`questions/${id}`, { kind: 'roots', paths: ['/', '/\xc3\xbc 100%', '/\xff'] })
      expect((await looking).body.entries).toMatchObject([
        { path: '/', selectionPath: '/', kind: 'dir' },
        { path: '/ü 100%25', selectionPath: '/ü 100%', name: '/ü 100%' },
        { path: '/%FF', selectionPath: null },
      ])
    })

    it('of selections come back with figures', async () => {
      const { claimed } = await connect()
      const asking = send(`POST /api/v1/clients/${clientId}/selection-preview`, {
        as: 'ann',
        body: { paths: ['/home'], excludes: ['*.o'] },
      })
      const { id, question } = await questionOf(claimed)
      expect(question).toMatchObject({ kind: 'selection', selection: { paths: ['/home'], excludes: ['*.o'], excludeCaches: false } })
      const sum = { fileCount: 2, folderCount: 1, sizeBytes: 70 }
      const folder = { path: '/home/\xff', fileCount: 2, sizeBytes: 60 }
      const found = { included: sum, excluded: sum, biggestFolders: [folder], biggestExcluded: [], unreadableCount: 1, isPartial: true }
      expect((await agent(`questions/${id}`, { kind: 'selection', ...found, missing: ['/gone'] })).statusCode).toBe(204)
      expect((await asking).body).toEqual({
        ...found,
        biggestFolders: [{ path: '/home/%FF', selectionPath: null, name: '/home/\ufffd', fileCount: 2, sizeBytes: 60 }],
        missing: ['/gone'],
      })
    })

    it('reach an agent that is busy with a run', async () => {
      const { id: repositoryId } = await server.services.repositories.ensureDefault()
      const plan = await server.services.plans.createFor(clientId, { plan: { ...samplePlan(), repositoryId }, origin: SERVER_ORIGIN })
      await server.services.runs.create({ kind: 'backup', clientId, planId: plan.id, repositoryId, trigger: 'manual' })
      expect((await claim()).body).toMatchObject({ order: { kind: 'backup' }, question: null })
      const waiting = agent('questions/claim', { waitSeconds: 20 })
      const looking = look()
      const { id } = await questionOf(waiting)
      await agent(`questions/${id}`, FOLDER)
      expect((await looking).statusCode).toBe(200)
      // The run is not lost by that.
      expect((await server.services.runStore.runningOf(clientId))?.state).toBe('running')
    })

    it('are not for agents that do not know of them, nor for those of others', async () => {
      const old = agent('runs/claim', { waitSeconds: 1 })
      const foreign = agent('questions/claim', { waitSeconds: 1 }, otherToken)
      await systemClock.sleep(100)
      expect(await look()).toMatchObject({
        statusCode: 409,
        body: { code: 'client.not-connected', detail: expect.stringContaining('desk') as string },
      })
      expect((await old).body).toEqual({ order: null, question: null })
      expect((await foreign).body).toEqual({ question: null })
    })

    it('to a machine that is away are answered at once, and soon after it went', async () => {
      const before = systemClock.now()
      expect((await look()).body.code).toBe('client.not-connected')
      await agent('questions/claim', { waitSeconds: 0 })
      await server.services.listeners.leave(clientId)
      expect((await look()).body.code).toBe('client.not-connected')
      expect(systemClock.now() - before).toBeLessThan(4000)
    })

    it('that nobody hears are given up', async () => {
      await agent('questions/claim', { waitSeconds: 0 })
      const before = systemClock.now()
      expect((await look()).body.code).toBe('client.not-connected')
      expect(systemClock.now() - before).toBeGreaterThan(7000)
      expect(systemClock.now() - before).toBeLessThan(15_000)
      expect(await server.database.queries.selectFrom('questions').selectAll().execute()).toEqual([])
    })

    it('are refused to those whose machine it is not, and to viewers', async () => {
      expect((await look('', 'bob')).statusCode).toBe(404)
      expect((await look('', 'eve')).statusCode).toBe(403)
      const body = { paths: ['/'] }
      expect((await send(`POST /api/v1/clients/${clientId}/selection-preview`, { as: 'bob', body })).statusCode).toBe(404)
      expect((await send(`POST /api/v1/clients/${clientId}/selection-preview`, { as: 'eve', body })).statusCode).toBe(403)
    })

    it('that no machine could answer are not asked', async () => {
      await connect()
      for (const path of ['', 'relative', '/%2500', `/${'x'.repeat(4096)}`, '/%25zz'])
        expect([path, (await look(`?path=${path}`)).statusCode]).toEqual([path, 422])
      const body = { paths: [] }
      expect((await send(`POST /api/v1/clients/${clientId}/selection-preview`, { as: 'ann', body })).statusCode).toBe(422)
    })

    it('are answered once, by the one that was asked, after it heard of them', async () => {
      const [looking, id] = await askedAs('ann')
      expect((await agent(`questions/${id}`, FOLDER, otherToken)).statusCode).toBe(404)
      for (const other of [id + 1, 2_000_000_000]) expect((await agent(`questions/${other}`, FOLDER)).statusCode).toBe(404)
      expect((await agent(`questions/${id}`, FOLDER)).statusCode).toBe(204)
      expect((await agent(`questions/${id}`, { ...FOLDER, entries: [] })).statusCode).toBe(404)
      expect((await looking).body.entries).toHaveLength(4)
      const untaken = await server.services.questionStore.add(clientId, ROOTS, { now: systemClock.now(), limits: LIMITS })
      expect((await agent(`questions/${untaken}`, { kind: 'roots', paths: ['/'] })).statusCode).toBe(404)
    })

    it('take no answer that is none, however it is made', async () => {
      const [looking, id] = await askedAs('ann')
      const entry = { name: 'a', kind: 'file', sizeBytes: 1, modifiedAtMs: 0 }
      const withEntry = (changes: object): object => ({ ...FOLDER, entries: [{ ...entry, ...changes }] })
      const hostile = [
        {},
        { kind: 'nothing' },
        { kind: 'folder' },
        { kind: 'roots', paths: ['/'] },
        { kind: 'roots', paths: ['../..'] },
        { kind: 'selection', included: null },
        ...['', '.', '..', 'a/b', '../../etc', 'a\0b', '\u0100', 'x'.repeat(1021)].map((name) => withEntry({ name })),
        ...[-1, 1.5, 1e300, '1'].map((sizeBytes) => withEntry({ sizeBytes })),
        ...[1e300, '2026'].map((modifiedAtMs) => withEntry({ modifiedAtMs })),
        withEntry({ kind: 'script' }),
        { ...FOLDER, entries: Array.from({ length: 5001 }, () => entry) },
        { kind: 'failure', reason: 'because', message: 'x' },
        { kind: 'failure', reason: 'failed', message: 'x'.repeat(3000) },
      ]
      for (const answer of hostile) {
        const { statusCode } = await agent(`questions/${id}`, answer)
        expect([JSON.stringify(answer).slice(0, 100), statusCode]).toEqual([JSON.stringify(answer).slice(0, 100), 422])
      }
      const huge = { kind: 'failure', reason: 'failed', message: 'x'.repeat(5 * 1024 * 1024) }
      expect((await agent(`questions/${id}`, huge)).statusCode).toBe(413)
      await agent(`questions/${id}`, FOLDER)
      expect((await looking).statusCode).toBe(200)
    })

    it('that cannot be answered say why', async () => {
      const failure = (reason: string): QuestionAnswer => ({
        kind: 'failure',
        reason: reason as 'failed',
        message: 'Refused to <b>show</b> it',
      })
      for (const [reason, statusCode, code] of [
        ['forbidden', 409, 'client.refused'],
        ['missing', 404, 'not-found'],
        ['failed', 422, 'client.failed'],
      ] as const) {
        const [looking, id] = await askedAs('ann')
        await agent(`questions/${id}`, failure(reason))
        expect(await looking).toMatchObject({ statusCode, body: { code, detail: expect.stringContaining('desk') as string } })
      }
    })

    it('are bounded for each machine', async () => {
      await agent('questions/claim', { waitSeconds: 0 })
      for (let index = 0; index < 8; index++)
        await server.services.questionStore.add(clientId, ROOTS, { now: systemClock.now(), limits: LIMITS })
      expect((await look()).body.code).toBe('request.too-many')
      // What nobody waits for any more does not count.
      await server.database.queries
        .updateTable('questions')
        .set({ asked_at: systemClock.now() - 61_000 })
        .execute()
      const looking = look()
      const { id } = await questionOf(agent('questions/claim', { waitSeconds: 5 }))
      await agent(`questions/${id}`, FOLDER)
      expect((await looking).statusCode).toBe(200)
    })

    it('stay within their limits when many are asked at the same moment', async () => {
      const { questionStore } = server.services
      const { id: otherId } = await server.services.clients.createFor(1, { name: 'third', settings: undefined }, SERVER_ORIGIN)
      const limits = { ofClient: 3, open: 5 }
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          questionStore.add(index % 2 === 0 ? clientId : otherId, ROOTS, { now: systemClock.now(), limits }),
        ),
      )
      expect(asked.filter((id) => id !== undefined)).toHaveLength(5)
      const rows = await server.database.queries.selectFrom('questions').select('client_id').execute()
      expect([...Map.groupBy(rows, ({ client_id }) => client_id).values()].map(({ length }) => length).toSorted()).toEqual([2, 3])
    })

    // Several servers share one PostgreSQL; a SQLite file has one.
    if (databases.name === 'SQLite') return
    it('reach agents that are connected to another server on the same database', async () => {
      await using other = await otherServer(databaseUrl ?? '')
      const elsewhere = async (url: string, payload: object): Promise<ReturnType<typeof JSON.parse>> => {
        const reply = await other.app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${token}` } })
        return reply.statusCode === 200 ? reply.json() : reply.statusCode
      }
      const claimed = elsewhere('/agent/v1/runs/claim', { waitSeconds: 20, answersQuestions: true })
      while (!(await server.services.listeners.has(clientId))) await systemClock.sleep(20)
      const looking = look()
      const { id } = (await claimed).question
      expect(await elsewhere(`/agent/v1/questions/${id}`, FOLDER)).toBe(204)
      expect((await looking).statusCode).toBe(200)
    })
  })
}

interface OtherServer extends AsyncDisposable {
  readonly app: App
  readonly services: Services
}

async function otherServer(databaseUrl: string): Promise<OtherServer> {
  const database = openDatabase(databaseUrl)
  const folder = await TestServer.start()
  const foundations = { settings: folder.settings, database, clock: systemClock, secrets: new SecretBox(secureRandom(32)) }
  const services = composeServices(foundations)
  const app = await buildApp({ foundations, services })
  return {
    app,
    services,
    async [Symbol.asyncDispose]() {
      await app.close()
      await database.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
