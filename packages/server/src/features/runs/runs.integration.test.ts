import { secureRandom } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { RestoreOrder, Run, RunProgress } from '@holdfast/protocol'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeServices, type Services } from '../../composition.ts'
import { openDatabase } from '../../db/database.ts'
import type { AgentActor, UserActor } from '../../http/actor.ts'
import { SecretBox } from '../../secrets/secret-box.ts'
import { newToken } from '../../secrets/tokens.ts'
import { addClientRow, addRepositoryRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'
import { RunDispatch } from './run-dispatch.ts'
import { RunFeed } from './run-feed.ts'
import { type EndedRun, RunLifecycle } from './run-lifecycle.ts'
import { RunOrders } from './run-orders.ts'
import { LiveProgress } from './run-view.ts'
import { RunStore } from './store.ts'
import { WorkBell } from './work-bell.ts'

const LEASE_MS = 120_000
const DONE = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: { filesNew: 3 }, error: null } as const
const CLAIM = { instance: 'one', waitMs: 0 }

for (const databases of allDatabases()) {
  describe(`runs on ${databases.name}`, () => {
    let server: TestServer
    let other: Services
    let clock: ManualClock
    let admin: UserActor
    let agent: AgentActor
    let planId: number
    let repositoryId: number
    let ended: EndedRun[]
    let closeOther: () => Promise<void>

    beforeEach(async () => {
      clock = new ManualClock(Date.parse('2026-10-20T12:00:00Z'))
      const databaseUrl = await databases.create()
      server = await TestServer.start({ clock, databaseUrl })
      const database = databaseUrl === undefined ? server.database : openDatabase(databaseUrl)
      closeOther = async () => (databaseUrl === undefined ? undefined : database.close())
      other = composeServices({ settings: server.settings, database, clock, secrets: new SecretBox(secureRandom(32)) })
      const userId = await server.addUser('root', 'admin')
      admin = { kind: 'user', userId, username: 'root', role: 'admin', scopes: undefined, sessionId: undefined }
      agent = {
        kind: 'agent',
        clientId: await addClientRow(server.database, { name: 'mail', ownerId: userId }),
        clientName: 'mail',
        ownerId: userId,
      }
      repositoryId = await addRepositoryRow(server.database)
      planId = (await server.services.plans.createFor(agent.clientId, { plan: samplePlan(), origin: SERVER_ORIGIN })).id
      ended = []
      for (const services of [server.services, other]) services.runs.onRunEnded((run) => void ended.push(run))
    })
    afterEach(async () => {
      await closeOther()
      await server[Symbol.asyncDispose]()
    })
    afterAll(() => databases.stop())

    const create = (): Promise<Run> =>
      server.services.runs.create({ kind: 'backup', clientId: agent.clientId, planId, repositoryId, trigger: 'manual' })
    const get = (id: number): Promise<Run> => other.runs.get(admin, id)

    it('are handed out once, however many ask on however many servers', async () => {
      for (let count = 0; count < 5; count++) await create()
      const claims = [server.services, other, server.services, other, server.services, other].map(({ agentRuns }, index) =>
        agentRuns.claim(agent, { instance: `i${index}`, waitMs: 0 }),
      )
      const orders = (await Promise.all(claims)).filter((order) => order !== undefined)
      expect(orders).toHaveLength(1)
      expect(orders[0]).toMatchObject({ kind: 'backup', planName: 'documents', repositoryId, leaseMs: LEASE_MS })
    })

    it('are not handed to an agent that has gone', async () => {
      const { id } = await create()
      expect(await server.services.agentRuns.claim(agent, { ...CLAIM, signal: AbortSignal.abort() })).toBeUndefined()
      expect(await get(id)).toMatchObject({ state: 'pending' })
    })

    it('wait while as many run as the installation carries out at once', async () => {
      const second = await addClientRow(server.database, { name: 'laptop', ownerId: agent.ownerId })
      await create()
      await server.services.runs.create({ kind: 'restore', clientId: second, repositoryId, restore: RESTORE, trigger: 'manual' })
      const store = new RunStore(server.database.queries)
      const live = new LiveProgress()
      const feed = new RunFeed({ store, live, clock, isShared: false })
      const lifecycle = new RunLifecycle({ store, clock, feed, bell: new WorkBell([store], clock), live })
      const { plans, clients } = server.services
      const dispatch = new RunDispatch({ store, lifecycle, orders: new RunOrders({ plans, clients }), clock, runningMax: 1 })
      const first = await dispatch.assign([agent.clientId], 'one')
      expect(await dispatch.assign([second], 'two')).toBeUndefined()
      await server.services.agentRuns.finish(agent, first?.run.id ?? 0, DONE)
      expect((await dispatch.assign([second], 'two'))?.order).toMatchObject({ kind: 'restore', restore: RESTORE })
    })

    it('are reported of and finished once; the same said again changes nothing, something else is refused', async () => {
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      const log = [{ at: '2026-10-20T12:00:01.000Z', level: 'info', message: 'a\0b' } as const]
      expect(await other.agentRuns.report(agent, id, { progress: progress(5), log })).toEqual({
        isCancelRequested: false,
        leaseMs: LEASE_MS,
      })
      expect(await get(id)).toMatchObject({ state: 'running', progress: { doneFiles: 5 } })
      await server.services.agentRuns.finish(agent, id, DONE)
      clock.advance(1000)
      await other.agentRuns.finish(agent, id, DONE)
      expect(await get(id)).toMatchObject({ state: 'finished', finishedAt: '2026-10-20T12:00:00.000Z', statistics: { filesNew: 3 } })
      const error = { ...DONE, state: 'error', snapshotId: null } as const
      await expect(other.agentRuns.finish(agent, id, error)).rejects.toMatchObject({ code: 'request.conflict' })
      await expect(other.agentRuns.report(agent, id, { log: [] })).rejects.toMatchObject({ code: 'request.conflict' })
      expect((await server.services.runs.log(admin, id, { limit: 10 })).items).toMatchObject([{ message: 'a\uFFFDb' }])
      expect(ended).toHaveLength(1)
      const client = await server.database.queries.selectFrom('clients').select('last_backup_at').executeTakeFirst()
      expect(client?.last_backup_at).toBe(clock.now() - 1000)
    })

    it('end together with what that says of their plan, or not at all', async () => {
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      const { kind, queries } = server.database
      const isSqlite = kind === 'sqlite'
      if (!isSqlite) await sql`create function refuse() returns trigger language plpgsql as 'begin raise ''no''; end'`.execute(queries)
      const action = isSqlite ? sql`begin select raise(abort, 'no'); end` : sql`for each row execute function refuse()`
      await sql`create trigger refusal before update on plans ${action}`.execute(queries)
      await expect(server.services.agentRuns.finish(agent, id, DONE)).rejects.toThrow('no')
      expect(await get(id)).toMatchObject({ state: 'running' })
      await (isSqlite ? sql`drop trigger refusal` : sql`drop trigger refusal on plans`).execute(queries)
      await server.services.agentRuns.finish(agent, id, DONE)
      expect(await get(id)).toMatchObject({ state: 'finished' })
      expect(await queries.selectFrom('clients').select('last_backup_at').executeTakeFirst()).toEqual({ last_backup_at: clock.now() })
    })

    it('are refused to other agents', async () => {
      const { id } = await create()
      const stranger = { ...agent, clientId: agent.clientId + 1 }
      expect(await server.services.agentRuns.claim(stranger, CLAIM)).toBeUndefined()
      await expect(server.services.agentRuns.finish(stranger, id, DONE)).rejects.toMatchObject({ code: 'not-found' })
      await expect(server.services.agentRuns.report(stranger, id, { log: [] })).rejects.toMatchObject({ code: 'not-found' })
    })

    it('are given again to the agent whose answer was lost, three times at most, and not to another instance', async () => {
      const { id } = await create()
      const { agentRuns } = server.services
      for (let count = 0; count < 3; count++) expect(await agentRuns.claim(agent, CLAIM)).toMatchObject({ runId: id })
      expect(await agentRuns.claim(agent, CLAIM)).toBeUndefined()
      expect(await agentRuns.claim(agent, { instance: 'two', waitMs: 0 })).toBeUndefined()
      clock.advance(LEASE_MS)
      await agentRuns.claim(agent, { instance: 'two', waitMs: 0 })
      expect(await get(id)).toMatchObject({ state: 'error', error: { code: 'run.lost' } })
    })

    it('are tried three times when their holder dies, each time later, and then no more', async () => {
      await create()
      for (const delayMs of [0, 60_000, 120_000]) {
        clock.advance(delayMs)
        expect(await server.services.agentRuns.claim(agent, CLAIM), `after ${delayMs}`).toBeDefined()
        clock.advance(LEASE_MS - 1)
        await Promise.all([server.services.sweeper.sweep(), other.sweeper.sweep()])
        expect(ended.filter(({ run }) => run.state === 'error')).toHaveLength([0, 60_000, 120_000].indexOf(delayMs))
        clock.advance(1)
        await Promise.all([server.services.sweeper.sweep(), other.sweeper.sweep()])
        expect(await server.services.agentRuns.claim(agent, CLAIM)).toBeUndefined()
      }
      clock.advance(10 * LEASE_MS)
      expect(await server.services.agentRuns.claim(agent, CLAIM)).toBeUndefined()
      const { items } = await server.services.runs.list(admin, { limit: 10 })
      expect(items.map(({ state, trigger, attempt }) => [state, trigger, attempt])).toEqual([
        ['error', 'retry', 3],
        ['error', 'retry', 2],
        ['error', 'manual', 1],
      ])
      expect(items[0]?.error?.message).toBe('Cannot finish: nothing was heard of the agent for 120 s')
    })

    it('live on while they are reported of, and are found when the clock was set back', async () => {
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      for (let count = 0; count < 10; count++) {
        clock.advance(LEASE_MS - 1000)
        await server.services.agentRuns.report(agent, id, { log: [] })
        await other.sweeper.sweep()
      }
      expect(await get(id)).toMatchObject({ state: 'running' })
      clock.advance(-86_400_000)
      await other.sweeper.sweep()
      clock.advance(LEASE_MS)
      await other.sweeper.sweep()
      expect(await get(id)).toMatchObject({ state: 'error' })
    })

    it('are cancelled at once while they wait, by their holder while they run, and by force when that does not listen', async () => {
      const waiting = await create()
      expect(await server.services.runs.cancel(admin, waiting.id, SERVER_ORIGIN)).toMatchObject({ state: 'cancelled' })
      await expect(server.services.runs.cancel(admin, waiting.id, SERVER_ORIGIN)).rejects.toMatchObject({ code: 'request.conflict' })
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      expect(await other.runs.cancel(admin, id, SERVER_ORIGIN)).toMatchObject({ state: 'running', isCancelRequested: true })
      expect(await server.services.agentRuns.report(agent, id, { log: [] })).toMatchObject({ isCancelRequested: true })
      clock.advance(LEASE_MS / 2)
      await server.services.agentRuns.report(agent, id, { log: [] })
      clock.advance(LEASE_MS / 2)
      await other.sweeper.sweep()
      expect(await get(id)).toMatchObject({ state: 'cancelled' })
      expect((await server.services.runs.list(admin, { limit: 10, state: ['pending'] })).items).toEqual([])
    })

    it('wait for the end of a blackout unless somebody asked for them, and are given up when their plan is gone', async () => {
      const limits = { blackouts: [{ from: '13:00', to: '15:00' }] }
      await server.services.plans.change(admin, planId, { changes: { limits }, origin: SERVER_ORIGIN })
      const scheduled = { kind: 'backup', clientId: agent.clientId, planId, repositoryId, trigger: 'schedule' } as const
      const { id } = await server.services.runs.create(scheduled)
      expect(await server.services.agentRuns.claim(agent, CLAIM)).toBeUndefined()
      await create()
      expect(await server.services.agentRuns.claim(agent, CLAIM)).toMatchObject({ runId: id + 1 })
      await server.services.agentRuns.finish(agent, id + 1, DONE)
      clock.advance(3_600_000)
      expect(await server.services.agentRuns.claim(agent, CLAIM)).toMatchObject({ runId: id })
      await server.services.agentRuns.finish(agent, id, DONE)
      const orphan = await create()
      await server.database.queries.deleteFrom('plans').execute()
      expect(await server.services.agentRuns.claim(agent, CLAIM)).toBeUndefined()
      expect(await get(orphan.id)).toMatchObject({ state: 'cancelled', error: { code: 'run.impossible' } })
    })

    it('keep a log of bounded size', async () => {
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      const line = { at: '2026-10-20T12:00:01.000Z', level: 'info', message: 'x'.repeat(20_000) } as const
      for (let count = 0; count < 6; count++) await server.services.agentRuns.report(agent, id, { log: new Array(100).fill(line) })
      const { items, next } = await server.services.runs.log(admin, id, { limit: 1000 })
      expect([items.length, next]).toEqual([210, null])
      expect(items.at(-1)?.message).toBe('The log is full: what follows is not kept')
      const first = await server.services.runs.log(admin, id, { limit: 100 })
      const second = await server.services.runs.log(admin, id, { limit: 1000, cursor: first.next ?? '' })
      expect([...first.items, ...second.items]).toEqual(items)
    })

    it('give their log from its end backwards', async () => {
      const { id } = await create()
      await server.services.agentRuns.claim(agent, CLAIM)
      const lines = Array.from({ length: 7 }, (_, number) => ({
        at: '2026-10-20T12:00:01.000Z',
        level: 'info' as const,
        message: `${number}`,
      }))
      await server.services.agentRuns.report(agent, id, { log: lines })
      const seen: string[][] = []
      let cursor: string | undefined
      do {
        const { items, next } = await server.services.runs.log(admin, id, { limit: 3, order: 'newest', cursor })
        seen.push(items.map(({ message }) => message))
        cursor = next ?? undefined
      } while (cursor !== undefined)
      expect(seen).toEqual([['6', '5', '4'], ['3', '2', '1'], ['0']])
    })

    it('name client, plan and repository, as they are called now', async () => {
      const { id } = await create()
      const { name: planName } = await server.services.plans.get(admin, planId)
      const { name: repositoryName } = await server.services.repositories.get(repositoryId)
      expect(await get(id)).toMatchObject({ clientName: 'mail', planName, repositoryName })
      await server.database.queries.deleteFrom('plans').execute()
      expect(await get(id)).toMatchObject({ clientName: 'mail', planName: null })
    })

    it('that the server begins tell of themselves, end when somebody cancels them, and end once', async () => {
      const handle = await server.services.runs.begin({ kind: 'check', repositoryId, trigger: 'manual' })
      handle.progress(progress(7))
      handle.log('info', 'reads packs')
      clock.tick()
      await until(async () => (await get(handle.id)).progress?.doneFiles === 7)
      expect(handle.signal.aborted).toBe(false)
      await other.runs.cancel(admin, handle.id, SERVER_ORIGIN)
      clock.tick()
      await until(async () => handle.signal.aborted)
      await handle.finish({ ...DONE, state: 'cancelled', snapshotId: null })
      await handle.finish({ ...DONE, state: 'cancelled', snapshotId: null })
      expect(await get(handle.id)).toMatchObject({ state: 'cancelled', clientId: null, repositoryId })
      expect((await server.services.runs.log(admin, handle.id, { limit: 10 })).items).toMatchObject([{ message: 'reads packs' }])
      expect(ended).toHaveLength(1)
    })

    it('are taken, told of and ended by agents over HTTP', async () => {
      const { token, hash } = newToken('agent')
      await server.database.queries.updateTable('clients').set({ token_hash: hash }).execute()
      const send = async (route: string, body: object): Promise<unknown> => {
        const response = await server.request(`POST /agent/v1/runs/${route}`, { token, body })
        return response.statusCode === 200 ? response.json() : response.statusCode
      }
      expect(await send('claim', {})).toEqual({ order: null, question: null })
      const { id } = await create()
      expect(await send('claim', { waitSeconds: 5 })).toMatchObject({ order: { runId: id, kind: 'backup' } })
      expect(await send(`${id}/events`, { progress: progress(3) })).toEqual({ isCancelRequested: false, leaseMs: LEASE_MS })
      for (const body of [{}, { ...DONE, state: 'running' }, { ...DONE, snapshotId: 'x' }])
        expect(await send(`${id}/finish`, body)).toBe(422)
      expect(await send(`${id}/finish`, DONE)).toBe(204)
      expect(await send(`${id}/finish`, DONE)).toBe(204)
      expect(await send(`${id}/events`, {})).toBe(409)
      expect(await send(`${id + 1}/events`, {})).toBe(404)
      expect((await server.request('POST /agent/v1/runs/claim', { as: 'root', body: {} })).statusCode).toBe(403)
    })

    it('are given up when their client is gone', async () => {
      const { id } = await create()
      await server.database.queries.deleteFrom('clients').execute()
      await server.services.sweeper.sweep()
      expect(await get(id)).toMatchObject({ state: 'cancelled', clientId: null, error: { code: 'run.impossible' } })
    })

    it('that the server begins are ended when it was believed dead', async () => {
      const handle = await server.services.runs.begin({ kind: 'check', repositoryId, trigger: 'manual' })
      clock.advance(LEASE_MS)
      await other.sweeper.sweep()
      expect(await get(handle.id)).toMatchObject({ state: 'error', error: { code: 'run.lost' } })
      clock.tick()
      await until(async () => handle.signal.aborted)
      await expect(handle.finish(DONE)).rejects.toMatchObject({ code: 'request.conflict' })
    })

    it('are done again once, however many ask for it at the same time', async () => {
      const restored = { kind: 'restore', clientId: agent.clientId, repositoryId, restore: RESTORE, trigger: 'manual' } as const
      for (const { id } of [await create(), await server.services.runs.create(restored)]) {
        await server.request(`POST /api/v1/runs/${id}/cancel`, { as: 'root' })
        const origin = SERVER_ORIGIN
        const asked = [1, 2, 3].flatMap(() => [server.services.runs.retry(admin, id, origin), other.runs.retry(admin, id, origin)])
        const answers = await Promise.allSettled(asked)
        expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const again = await server.request(`POST /api/v1/runs/${id}/retry`, { as: 'root' })
        expect([again.statusCode, again.json().detail]).toEqual([409, expect.stringMatching(/ waits or runs already$/)])
      }
      expect((await server.request('GET /api/v1/runs?state=pending', { as: 'root' })).json().items).toHaveLength(2)
    })

    it('are listed by filters and pages, to those who may see them', async () => {
      const ann = await server.addUser('ann', 'operator')
      const hers = await addClientRow(server.database, { name: 'laptop', ownerId: ann })
      for (let count = 0; count < 3; count++) await create()
      await server.services.runs.create({ kind: 'restore', clientId: hers, repositoryId, restore: RESTORE, trigger: 'manual' })
      const list = async (query: string, as = 'root'): Promise<number[]> => {
        const response = await server.request(`GET /api/v1/runs${query}`, { as })
        expect(response.statusCode, response.body).toBe(200)
        return response.json().items.map(({ id }: Run) => id)
      }
      expect(await list('')).toEqual([4, 3, 2, 1])
      expect(await list('', 'ann')).toEqual([4])
      expect(await list(`?clientId=${agent.clientId}&state=pending,running&kind=backup`)).toEqual([3, 2, 1])
      expect(await list('?until=2026-10-20T12:00:00Z')).toEqual([])
      const page = (await server.request('GET /api/v1/runs?limit=3', { as: 'root' })).json()
      expect(await list(`?limit=3&cursor=${page.next}`)).toEqual([1])
      for (const query of ['?state=odd', '?cursor=x', '?since=yesterday', '?clientId=-1']) {
        expect((await server.request(`GET /api/v1/runs${query}`, { as: 'root' })).statusCode, query).toBe(422)
      }
      for (const route of [
        'GET /api/v1/runs/1',
        'GET /api/v1/runs/1/log',
        'POST /api/v1/runs/1/cancel',
        'POST /api/v1/runs/1/retry',
        'GET /api/v1/runs/1/events',
      ]) {
        expect((await server.request(route, { as: 'ann' })).statusCode, route).toBe(404)
      }
      expect((await server.request('POST /api/v1/runs/4/retry', { as: 'ann' })).json().detail).toBe('Cannot retry run 4: it is pending')
      await server.request('POST /api/v1/runs/4/cancel', { as: 'ann' })
      const again = await server.request('POST /api/v1/runs/4/retry', { as: 'ann' })
      expect([again.statusCode, again.json().retryOf]).toEqual([201, 4])
    })
  })
}

const RESTORE: RestoreOrder = { snapshotId: 'b'.repeat(64), paths: [], target: null, overwrite: 'always', delete: false, sources: [] }

function progress(doneFiles: number): RunProgress {
  return { phase: 'reading', doneFiles, totalFiles: null, doneBytes: 0, totalBytes: null, currentItem: null, errorCount: 0 }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 5000; attempt++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it did not happen')
}
