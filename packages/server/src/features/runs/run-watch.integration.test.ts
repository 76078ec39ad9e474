import { secureRandom, systemClock } from '@holdfast/engine'
import type { Run } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeServices, type Services } from '../../composition.ts'
import { openDatabase } from '../../db/database.ts'
import type { AgentActor } from '../../http/actor.ts'
import { SecretBox } from '../../secrets/secret-box.ts'
import { addClientRow, addRepositoryRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'
import { RunStore } from './store.ts'

const CLAIM = { instance: 'one', waitMs: 0 }
const DONE = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: null, error: null } as const

interface Received {
  readonly event: string
  readonly id: string
  readonly data: ReturnType<typeof JSON.parse>
}

for (const databases of allDatabases()) {
  describe(`streams of runs on ${databases.name}`, () => {
    let server: TestServer
    /** Another process on the same database; on SQLite, which has one, the same. */
    let other: Services
    let closeOther: () => Promise<void>
    let url: string
    let token: string
    let agent: AgentActor
    let planId: number
    let repositoryId: number
    const open: AbortController[] = []

    beforeEach(async () => {
      const databaseUrl = await databases.create()
      server = await TestServer.start({ databaseUrl })
      other = server.services
      closeOther = async () => undefined
      if (databaseUrl !== undefined) {
        const database = openDatabase(databaseUrl)
        other = composeServices({ settings: server.settings, database, clock: systemClock, secrets: new SecretBox(secureRandom(32)) })
        closeOther = () => database.close()
      }
      url = await server.app.listen({ host: '127.0.0.1', port: 0 })
      const userId = await server.addUser('ann', 'operator')
      token = await signIn('ann')
      agent = {
        kind: 'agent',
        clientId: await addClientRow(server.database, { name: 'mail', ownerId: userId }),
        clientName: 'mail',
        ownerId: userId,
      }
      repositoryId = await addRepositoryRow(server.database)
      planId = (await server.services.plans.createFor(agent.clientId, { plan: samplePlan(), origin: SERVER_ORIGIN })).id
    })
    afterEach(async () => {
      for (const stream of open.splice(0)) stream.abort()
      await closeOther()
      // A client may have connected without having asked for anything yet; closing waits for it.
      server.app.server.closeAllConnections()
      await server[Symbol.asyncDispose]()
    })
    afterAll(() => databases.stop())

    async function signIn(username: string): Promise<string> {
      const login = await server.services.accounts.login({ username, password: TEST_PASSWORD }, { address: '', userAgent: '' })
      return login.token
    }
    const create = (services = server.services): Promise<Run> =>
      services.runs.create({ kind: 'backup', clientId: agent.clientId, planId, repositoryId, trigger: 'manual' })
    async function connect(path: string, headers: Record<string, string> = {}): Promise<Response> {
      const controller = new AbortController()
      open.push(controller)
      return fetch(url + path, { signal: controller.signal, headers: { authorization: `Bearer ${token}`, ...headers } })
    }
    async function listen(path: string, headers: Record<string, string> = {}): Promise<Received[]> {
      const response = await connect(path, headers)
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
      const received: Received[] = []
      void read(response, received)
      return received
    }

    it('tell what is there, what changes, and logs that were asked for', async () => {
      const { id } = await create()
      const all = await listen(`/api/v1/events?logs=${id}`)
      await until(() => all.length === 1)
      expect(all[0]).toMatchObject({ event: 'run', data: { id, state: 'pending' } })
      await other.agentRuns.claim(agent, CLAIM)
      await until(() => all.at(-1)?.data.state === 'running')
      const log = [1, 2].map((line) => ({ at: '2026-10-20T12:00:01.000Z', level: 'info', message: `line ${line}` }) as const)
      await other.agentRuns.report(agent, id, { log })
      await until(() => all.at(-1)?.event === 'log')
      expect(all.at(-1)?.data.entries.map(({ message }: { message: string }) => message)).toEqual(['line 1', 'line 2'])
      await other.agentRuns.finish(agent, id, DONE)
      await until(() => all.at(-1)?.data.state === 'finished')
      expect(all.map(({ event, data }) => data.state ?? event)).toEqual(['pending', 'running', 'log', 'finished'])
    })

    it('go on where they broke off, and end with their run', async () => {
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      const say = (message: string): Promise<unknown> =>
        server.services.agentRuns.report(agent, id, { log: [{ at: '2026-10-20T12:00:01.000Z', level: 'info', message }] })
      await say('before')
      const first = await listen(`/api/v1/runs/${id}/events`)
      await until(() => first.length === 2)
      const lastEventId = first.at(-1)?.id ?? ''
      open.at(-1)?.abort()
      await say('between')
      const second = await listen(`/api/v1/runs/${id}/events`, { 'last-event-id': lastEventId })
      await until(() => second.length === 2)
      expect(second[0]?.data.entries).toMatchObject([{ message: 'between' }])
      await say('after')
      await server.services.agentRuns.finish(agent, id, DONE)
      await until(() => second.at(-1)?.event === 'end of stream')
      expect(second.slice(2, -1).map(({ event, data }) => data.state ?? event)).toEqual(['log', 'finished'])
      const again = await connect(`/api/v1/runs/${id}/events`, { 'last-event-id': second.at(-2)?.id ?? '' })
      expect(again.status).toBe(204)
      const late = await listen(`/api/v1/runs/${id}/events`)
      await until(() => late.at(-1)?.event === 'end of stream')
      expect(late.map(({ event }) => event)).toEqual(['log', 'run', 'end of stream'])
    })

    it('of everything tell what was missed', async () => {
      const { id } = await create()
      const first = await listen('/api/v1/events')
      await until(() => first.length === 1)
      open.at(-1)?.abort()
      await server.services.runs.cancel(
        { ...agent, kind: 'user', userId: agent.ownerId, username: 'ann', role: 'operator', scopes: undefined, sessionId: undefined },
        id,
        SERVER_ORIGIN,
      )
      const second = await listen('/api/v1/events', { 'last-event-id': first[0]?.id ?? '' })
      await until(() => second.length > 0)
      expect(second[0]?.data).toMatchObject({ id, state: 'cancelled' })
    })

    it('tell nobody of what others own', async () => {
      await server.addUser('bob', 'operator')
      token = await signIn('bob')
      const all = await listen('/api/v1/events')
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(all).toEqual([])
      for (const path of [`/api/v1/runs/${id}/events`, `/api/v1/events?logs=${id}`]) expect((await connect(path)).status).toBe(404)
    })

    it('are at most twenty a user', async () => {
      for (let count = 0; count < 20; count++) await listen('/api/v1/events')
      const refused = await connect('/api/v1/events')
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30'])
      open[0]?.abort()
      await until(async () => (await connect('/api/v1/events')).status === 200)
    })

    it('know whether their reader is still signed in as before', async () => {
      const store = new RunStore(server.database.queries)
      const by = {
        sessionId: (await server.database.queries.selectFrom('sessions').selectAll().orderBy('id', 'desc').executeTakeFirstOrThrow()).id,
      }
      const now = systemClock.now()
      expect(await store.isSignedIn(by, { role: 'operator', now })).toBe(true)
      expect(await store.isSignedIn(by, { role: 'admin', now })).toBe(false)
      expect(await store.isSignedIn(by, { role: 'operator', now: now + 365 * 86_400_000 })).toBe(false)
      expect(await store.isSignedIn({ tokenHash: 'none' }, { role: 'operator', now })).toBe(false)
      await server.database.queries.updateTable('users').set({ is_disabled: 1 }).execute()
      expect(await store.isSignedIn(by, { role: 'operator', now })).toBe(false)
    })

    it('do not keep the server from stopping', async () => {
      const all = await listen('/api/v1/events')
      const claim = server.services.agentRuns.claim(agent, { instance: 'one', waitMs: 50_000 })
      await server.app.close()
      await until(() => all.at(-1)?.event === 'end of stream')
      expect(await claim).toBeUndefined()
    })

    it('wake an agent that waits for work, from this process and from others', async () => {
      const claim = server.services.agentRuns.claim(agent, { instance: 'one', waitMs: 50_000 })
      const { id } = await create(other)
      expect(await claim).toMatchObject({ runId: id })
    })
  })
}

async function read(response: Response, received: Received[]): Promise<void> {
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
        if (field('event') !== '') received.push({ event: field('event'), id: field('id'), data: JSON.parse(field('data')) })
      }
    }
  } catch {
    // The test hung up.
  }
  received.push({ event: 'end of stream', id: '', data: {} })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 5000; attempt++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it did not happen')
}
