import type { Client, ClientPage, FinishRun, Overview, RunState } from '@holdfast/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { quickest } from '../../testing/quickest.ts'
import { addClientRow, addPlanRow, addRepositoryRow, addRunRows } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { ClientListStore, TREND_RUNS } from './list-store.ts'

const CLIENTS = 10_000
/** Generous: it is about whether all clients are looked at once, not about the machine. */
const PAGE_MS_MAX = 1500

for (const databases of allDatabases()) {
  const start = async (): Promise<TestServer> => {
    return TestServer.start({ databaseUrl: await databases.create() })
  }

  describe(`the list of clients on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('says of each how it is, what ran last and what runs next', async () => {
      await using server = await start()
      const { ids } = await prepare(server)
      const { items } = (await server.request('GET /api/v1/clients', { as: 'root' })).json<ClientPage>()
      const byName = new Map(items.map((client) => [client.name, client]))
      const failed = byName.get('failed')
      expect(failed).toMatchObject({ state: 'failed', isOverdue: false, nextRunAt: '2030-01-01T00:00:00.000Z' })
      expect(failed?.trend).toEqual([...Array.from({ length: 9 }, () => 'finished'), 'error'])
      expect(failed?.lastRun).toMatchObject({ state: 'error', error: { code: 'run.failed', message: 'No space' } })
      expect(byName.get('late by a plan')).toMatchObject({ state: 'overdue', isOverdue: true, trend: ['finished'] })
      expect(byName.get('late by itself')).toMatchObject({ state: 'overdue', isOverdue: true, trend: [] })
      expect(byName.get('never')).toMatchObject({ state: 'never', lastRun: null, trend: [], nextRunAt: null })
      expect(byName.get('well')).toMatchObject({
        state: 'ok',
        trend: ['error', 'finished'],
        lastRun: { state: 'running', finishedAt: null },
      })
      expect(byName.get('off')).toMatchObject({ state: 'disabled', isOverdue: false, nextRunAt: null })
      const one = (await server.request(`GET /api/v1/clients/${ids.get('well')}`, { as: 'root' })).json<Client>()
      expect(one).toEqual(byName.get('well'))
    })

    it('reads no more runs of a client than its trend shows, however many ended at one time', async () => {
      await using server = await start()
      const { ids } = await prepare(server)
      const id = ids.get('failed') ?? 0
      const [failed] = await new ClientListStore(server.database.queries).figures([id], Date.now())
      const ended = server.database.queries.selectFrom('runs').select('id').where('client_id', '=', id).where('finished_at', 'is not', null)
      const last = await ended.orderBy('id', 'desc').limit(TREND_RUNS).execute()
      expect(failed?.runs.map((run) => run.id)).toEqual(last.map((run) => run.id))
      expect(await ended.execute()).toHaveLength(13)
    })

    it('is filtered and sorted, page by page, and holds what is the user’s alone', async () => {
      await using server = await start()
      await prepare(server)
      const bob = await server.addUser('bob', 'viewer')
      await addClientRow(server.database, { name: 'Bob’s', ownerId: bob })
      const names = (query: string, as = 'root') => pagesOf(server, { query, as })
      expect(await names('sort=state&limit=2')).toEqual(['failed', 'late by a plan', 'late by itself', 'Bob’s', 'never', 'well', 'off'])
      expect(await names('sort=state&order=desc&limit=2')).toEqual([
        'off',
        'well',
        'never',
        'Bob’s',
        'late by itself',
        'late by a plan',
        'failed',
      ])
      expect((await names('sort=name&limit=1'))[0]).toBe('Bob’s')
      expect((await names('sort=name&limit=3')).toSorted()).toEqual((await names('')).toSorted())
      expect((await names('sort=lastBackupAt&order=desc&limit=1'))[0]).toBe('well')
      for (const [state, found] of [
        ['failed', ['failed']],
        ['overdue', ['late by a plan', 'late by itself']],
        ['never', ['Bob’s', 'never']],
        ['ok', ['well']],
        ['disabled', ['off']],
      ] as const)
        expect(await names(`state=${state}&limit=1&sort=name`), state).toEqual(found)
      expect(await names('sort=state&search=LATE')).toEqual(['late by a plan', 'late by itself'])
      expect(await names('sort=state&limit=1', 'bob')).toEqual(['Bob’s'])
      expect(await names('state=failed', 'bob')).toEqual([])
    })

    it('follows what runs come to: a plan has failed since its first failure, until it succeeds', async () => {
      await using server = await start()
      const ownerId = await server.addUser('root', 'admin')
      const { services, database } = server
      const repositoryId = await addRepositoryRow(database)
      const clientId = await addClientRow(database, { name: 'mail', ownerId })
      const planId = await addPlanRow(database, { clientId, repositoryId, name: 'letters' })
      const agent = { kind: 'agent', clientId, clientName: 'mail', ownerId } as const
      const carryOut = async (outcome: Pick<FinishRun, 'state' | 'error'> & Partial<FinishRun>): Promise<number> => {
        const { id } = await services.runs.create({ kind: 'backup', clientId, planId, repositoryId, trigger: 'manual' })
        await services.agentRuns.claim(agent, { instance: 'one', waitMs: 0 })
        await services.agentRuns.finish(agent, id, { snapshotId: null, statistics: null, ...outcome })
        return id
      }
      const seen = async () => {
        const client = (await server.request(`GET /api/v1/clients/${clientId}`, { as: 'root' })).json<Client>()
        const { attention } = (await server.request('GET /api/v1/overview', { as: 'root' })).json<Overview>()
        const failed = attention.items.find(({ kind }) => kind === 'plan-failed')
        return { state: client.state, runId: failed?.runId, since: failed?.since }
      }
      const error = { code: 'storage.full', message: 'No space' }
      const first = await carryOut({ state: 'error', error })
      const once = await seen()
      expect(once).toMatchObject({ state: 'failed', runId: first })
      const second = await carryOut({ state: 'error', error })
      expect(await seen()).toEqual({ state: 'failed', runId: second, since: once.since })
      await carryOut({ state: 'cancelled', error: null })
      expect(await seen()).toEqual({ state: 'failed', runId: second, since: once.since })
      const third = await carryOut({ state: 'finished', error: null, snapshotId: 'a'.repeat(64), statistics: { addedBytes: 7.5 } })
      expect(await seen()).toEqual({ state: 'ok', runId: undefined, since: undefined })
      const row = await database.queries.selectFrom('runs').select('added_bytes').where('id', '=', third).executeTakeFirstOrThrow()
      expect(row.added_bytes).toBe(8)
    })

    it('tells of a plan whose last backup could not read everything, until one could', async () => {
      await using server = await start()
      const ownerId = await server.addUser('root', 'admin')
      await server.addUser('bob', 'operator')
      const { services, database } = server
      const repositoryId = await addRepositoryRow(database)
      await database.queries.updateTable('repositories').set({ has_key: 0 }).execute()
      const clientId = await addClientRow(database, { name: 'mail', ownerId })
      const planId = await addPlanRow(database, { clientId, repositoryId, name: 'letters' })
      const agent = { kind: 'agent', clientId, clientName: 'mail', ownerId } as const
      const carryOut = async (outcome: Pick<FinishRun, 'state' | 'error' | 'statistics'>): Promise<number> => {
        const { id } = await services.runs.create({ kind: 'backup', clientId, planId, repositoryId, trigger: 'manual' })
        await services.agentRuns.claim(agent, { instance: 'one', waitMs: 0 })
        await services.agentRuns.finish(agent, id, { snapshotId: null, ...outcome })
        return id
      }
      const attention = async (as = 'root') =>
        (await server.request('GET /api/v1/overview', { as }))
          .json<Overview>()
          .attention.items.filter(({ kind }) => kind.startsWith('plan-'))
      const partly = { state: 'finished', error: null, statistics: { errorCount: 3 } } as const
      const runId = await carryOut(partly)
      expect(await attention()).toMatchObject([
        { kind: 'plan-incomplete', severity: 'warning', clientName: 'mail', planId, planName: 'letters', runId, figure: 3, error: null },
      ])
      expect(await attention('bob')).toEqual([])
      await carryOut({ state: 'cancelled', error: null, statistics: null })
      expect(await attention()).toMatchObject([{ kind: 'plan-incomplete', runId }])
      await carryOut({ state: 'error', error: { code: 'storage.full', message: 'No space' }, statistics: null })
      expect((await attention()).map(({ kind }) => kind)).toEqual(['plan-failed'])
      await carryOut(partly)
      expect((await attention()).map(({ kind }) => kind)).toEqual(['plan-incomplete'])
      await carryOut({ state: 'finished', error: null, statistics: { errorCount: 0 } })
      expect(await attention()).toEqual([])
    })

    it('refuses cursors of other lists, and what is none', async () => {
      await using server = await start()
      await prepare(server)
      const { next } = (await server.request('GET /api/v1/clients?sort=name&limit=1', { as: 'root' })).json<ClientPage>()
      for (const cursor of [next, 'x', '%00', Buffer.from('[1,"a",99999999999]').toString('base64url')]) {
        expect((await server.request(`GET /api/v1/clients?sort=state&cursor=${cursor}`, { as: 'root' })).statusCode).toBe(422)
      }
    })

    it(`comes page by page without long waits where there are ${CLIENTS}`, async () => {
      await using server = await start()
      const ownerId = await server.addUser('root', 'admin')
      await addMany(server, ownerId)
      const took: string[] = []
      for (const query of ['', 'sort=name', 'sort=lastBackupAt', 'sort=state', 'state=failed&sort=name', 'search=machine-9']) {
        let cursor: string | null = ''
        for (let page = 0; page < 3 && cursor !== null; page++) {
          const url: string = `/api/v1/clients?limit=100&${query}${cursor && `&cursor=${cursor}`}`
          const { result: answer, ms } = await quickest(PAGE_MS_MAX, () => server.request(`GET ${url}`, { as: 'root' }))
          const { items, next } = answer.json<ClientPage>()
          expect(items).toHaveLength(100)
          took.push(`${query || 'as added'} ${ms.toFixed(0)}`)
          expect(ms).toBeLessThan(PAGE_MS_MAX)
          cursor = next
        }
      }
      const { result, ms } = await quickest(PAGE_MS_MAX, () => server.request('GET /api/v1/overview', { as: 'root' }))
      const overview = result.json<Overview>()
      took.push(`overview ${ms.toFixed(0)}`)
      expect(ms).toBeLessThan(PAGE_MS_MAX)
      expect(overview.clients).toMatchObject({ total: CLIENTS, failed: Math.floor(CLIENTS / 7) })
      expect(overview.attention.items).toHaveLength(100)
      expect(overview.attention.total).toBeGreaterThan(CLIENTS / 7)
      process.stdout.write(`${databases.name}, ms a page: ${took.join(', ')}\n`)
    }, 120_000)
  })
}

async function pagesOf(server: TestServer, { query, as }: { readonly query: string; readonly as: string }): Promise<string[]> {
  const names: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: ClientPage = (await server.request(`GET /api/v1/clients?${query}${cursor && `&cursor=${cursor}`}`, { as })).json()
    names.push(...page.items.map(({ name }) => name))
    cursor = page.next
  }
  return names
}

/** A client in each state, owned by a new administrator root. */
async function prepare(server: TestServer): Promise<{ readonly ids: ReadonlyMap<string, number> }> {
  const { database } = server
  const ownerId = await server.addUser('root', 'admin')
  const repositoryId = await addRepositoryRow(database)
  const ids = new Map<string, number>()
  for (const name of ['well', 'never', 'late by itself', 'late by a plan', 'failed', 'off']) {
    ids.set(name, await addClientRow(database, { name, ownerId }))
  }
  const id = (name: string): number => ids.get(name) ?? 0
  const change = (name: string, changes: object) =>
    database.queries.updateTable('clients').set(changes).where('id', '=', id(name)).execute()
  const ends = async (name: string, states: readonly RunState[]): Promise<void> => {
    const planId = await addPlanRow(database, { clientId: id(name), repositoryId, isOverdue: name === 'late by a plan' })
    await addRunRows(
      database,
      states.map((state) => ({ state, clientId: id(name), planId })),
    )
    await change(name, { last_backup_at: Date.now() - (name === 'well' ? 0 : 1000) })
  }
  await ends('well', ['error', 'finished', 'running', 'pending'])
  await ends('late by a plan', ['finished'])
  await ends('failed', [...Array.from({ length: 12 }, () => 'finished' as const), 'error', 'pending'])
  await ends('off', ['error'])
  await change('late by itself', { overdue_after_ms: 3_600_000 })
  await change('off', { is_disabled: 1 })
  return { ids }
}

async function addMany(server: TestServer, ownerId: number): Promise<void> {
  const { database } = server
  const repositoryId = await addRepositoryRow(database)
  const numbers = Array.from({ length: CLIENTS }, (_, number) => number)
  for (let from = 0; from < CLIENTS; from += 500) {
    const rows = numbers.slice(from, from + 500).map((number) => ({
      name: `machine-${(number * 7919) % CLIENTS}`,
      ...{
        owner_id: ownerId,
        is_local: 0,
        is_disabled: 0,
        settings: '{}',
        created_at: 0,
        last_backup_at: 1000 + ((number * 31) % CLIENTS),
      },
    }))
    const clients = await database.queries.insertInto('clients').values(rows).returning('id').execute()
    const plans = await database.queries
      .insertInto('plans')
      .values(
        clients.map(({ id }) => ({
          client_id: id,
          ...{
            repository_id: repositoryId,
            name: 'all',
            is_enabled: 1,
            definition: '{}',
            is_overdue: Number(id % 11 === 0),
            created_at: 0,
          },
        })),
      )
      .returning(['id', 'client_id'])
      .execute()
    await addRunRows(
      database,
      plans.flatMap(({ id, client_id }) => {
        const count = id % 20 === 0 ? 30 : 2
        return Array.from({ length: count }, (_, run) => ({
          state: run === count - 1 && id % 7 === 0 ? ('error' as const) : ('finished' as const),
          clientId: client_id,
          planId: id,
        }))
      }),
    )
  }
}
