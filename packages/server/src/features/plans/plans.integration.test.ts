import { ManualClock } from '@holdfast/engine/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addClientRow, addRepositoryRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'

for (const databases of allDatabases()) {
  describe(`plans on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    let clientId: number

    beforeEach(async () => {
      clock = new ManualClock(Date.parse('2026-06-01T12:00:00Z'))
      server = await TestServer.start({ clock, databaseUrl: await databases.create() })
      const ownerId = await server.addUser('ann', 'operator')
      await server.addUser('bob', 'operator')
      await server.addUser('root', 'admin')
      const retention = { daily: 7 }
      clientId = await addClientRow(server.database, { name: 'mail', ownerId, settings: { retention } })
      await addRepositoryRow(server.database)
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const send = async (route: string, body?: object, as = 'ann'): Promise<{ status: number; json: ReturnType<typeof JSON.parse> }> => {
      const response = await server.request(route, { as, ...(body === undefined ? {} : { body }) })
      return { status: response.statusCode, json: response.body === '' || response.body === 'null' ? null : response.json() }
    }
    const add = async (plan: object = samplePlan()): Promise<number> => (await send(`POST /api/v1/clients/${clientId}/plans`, plan)).json.id

    it('are added with defaults, listed, changed, disabled and removed', async () => {
      const schedule = { cron: '0 3 * * *', timeZone: 'Europe/Berlin' }
      const added = await send(`POST /api/v1/clients/${clientId}/plans`, { name: 'all', selection: { paths: ['/'] }, schedule })
      expect(added.status, JSON.stringify(added.json)).toBe(201)
      expect(added.json).toMatchObject({ clientId, isEnabled: true, nextRunAt: '2026-06-02T01:00:00.000Z', retention: null })
      expect(added.json).toMatchObject({
        effectiveRetention: { daily: 7 },
        isOverdue: false,
        limits: { blackouts: [] },
        compression: 'auto',
      })
      const { id } = added.json
      expect((await send(`GET /api/v1/clients/${clientId}/plans`)).json).toEqual([added.json])
      expect((await send('GET /api/v1/plans')).json).toEqual({ items: [added.json], next: null })
      const changed = await send(`PATCH /api/v1/plans/${id}`, { name: 'everything', retention: { versions: 3 } })
      expect(changed.json).toEqual({ ...added.json, name: 'everything', retention: { versions: 3 }, effectiveRetention: { versions: 3 } })
      expect((await send(`PATCH /api/v1/plans/${id}`, { isEnabled: false })).json.nextRunAt).toBeNull()
      expect((await send(`PATCH /api/v1/plans/${id}`, { isEnabled: true })).json.nextRunAt).toBe('2026-06-02T01:00:00.000Z')
      expect((await send(`DELETE /api/v1/plans/${id}`)).status).toBe(204)
      expect((await send(`GET /api/v1/plans/${id}`)).status).toBe(404)
      const actions = (await server.database.queries.selectFrom('audit_entries').select('action').orderBy('id').execute()).map(
        ({ action }) => action,
      )
      expect(actions.filter((action) => action.startsWith('plan.'))).toEqual([
        'plan.created',
        'plan.changed',
        'plan.changed',
        'plan.changed',
        'plan.removed',
      ])
    })

    it('come in pages, by name, with how they fared last', async () => {
      const names = ['b', 'a', 'c', 'a', '50% of _it']
      const ids: number[] = []
      for (const name of names) ids.push(await add(samplePlan({ name })))
      const { json: run } = await send(`POST /api/v1/plans/${ids[1]}/run`)
      await send(`PATCH /api/v1/plans/${ids[2]}`, { isEnabled: false })
      const pages: { items: { id: number }[]; next: string | null }[] = []
      for (let next: string | null = ''; next !== null; next = pages.at(-1)?.next ?? null) {
        pages.push((await send(`GET /api/v1/plans?limit=2${next === '' ? '' : `&cursor=${next}`}`)).json)
      }
      const [, , , , percent] = ids
      expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual([percent, ids[1], ids[3], ids[0], ids[2]])
      const found = async (query: string) => (await send(`GET /api/v1/plans?${query}`)).json.items.map(({ id }: { id: number }) => id)
      expect(await found('search=50%25%20of%20_')).toEqual([percent])
      expect(await found('search=MAI&limit=1')).toEqual([percent])
      const umlauts = await add(samplePlan({ name: 'Ärzte SÜD' }))
      for (const search of ['ärzte', 'Ärzte', 'ÄRZTE', 'SÜD', 'zte s']) {
        expect([search, await found(`search=${encodeURIComponent(search)}`)]).toEqual([search, [umlauts]])
      }
      await send(`DELETE /api/v1/plans/${umlauts}`)
      expect(await found('isEnabled=false')).toEqual([ids[2]])
      expect(await found('isOverdue=true')).toEqual([])
      expect(await found(`clientId=${clientId}`)).toHaveLength(5)
      expect(await found('repositoryId=99')).toEqual([])
      const { json: plan } = await send(`GET /api/v1/plans/${ids[1]}`)
      expect(plan).toMatchObject({ clientName: 'mail', lastRun: { id: run.id, state: 'pending', finishedAt: null } })
      expect((await send(`GET /api/v1/plans/${ids[0]}`)).json.lastRun).toBeNull()
      expect((await send('GET /api/v1/plans?cursor=nowhere')).status).toBe(422)
    })

    it('tell what their last run could not read, and that nothing runs of a client that is disabled', async () => {
      const id = await add()
      const { json: run } = await send(`POST /api/v1/plans/${id}/run`)
      const statistics = JSON.stringify({ fileCount: 1, errorCount: 3 })
      await server.database.queries.updateTable('runs').set({ state: 'finished', statistics }).where('id', '=', run.id).execute()
      const { json: plan } = await send(`GET /api/v1/plans/${id}`)
      expect(plan).toMatchObject({ isClientDisabled: false, lastRun: { id: run.id, state: 'finished', errorCount: 3 } })
      expect((await send(`PATCH /api/v1/clients/${clientId}`, { isDisabled: true })).status).toBe(200)
      expect((await send('GET /api/v1/plans')).json.items).toEqual([{ ...plan, isClientDisabled: true }])
      expect((await send(`POST /api/v1/plans/${id}/run`)).status).toBe(409)
    })

    it('are not there for others', async () => {
      const id = await add()
      for (const [route, body] of [
        [`GET /api/v1/clients/${clientId}/plans`],
        [`POST /api/v1/clients/${clientId}/plans`, samplePlan()],
        [`GET /api/v1/plans/${id}`],
        [`GET /api/v1/plans/${id}/times`],
        [`PATCH /api/v1/plans/${id}`, { name: 'mine' }],
        [`POST /api/v1/plans/${id}/run`],
        [`DELETE /api/v1/plans/${id}`],
        ['POST /api/v1/plans/preview', { schedule: samplePlan().schedule, clientId }],
      ] as const) {
        expect((await send(route, body, 'bob')).status, route).toBe(404)
      }
      expect((await send('GET /api/v1/plans', undefined, 'bob')).json.items).toEqual([])
      expect((await send('GET /api/v1/plans', undefined, 'root')).json.items).toHaveLength(1)
    })

    it.each([
      ['a cron expression that is none', { schedule: { cron: 'often', timeZone: 'UTC' } }],
      ['a time that never comes', { schedule: { cron: '0 0 30 2 *', timeZone: 'UTC' } }],
      ['every second', { schedule: { cron: '* * * * * *', timeZone: 'UTC' } }],
      ['an unknown zone', { schedule: { cron: null, timeZone: 'Mars/Olympus' } }],
      ['a relative path', { selection: { paths: ['home'] } }],
      ['a path that climbs', { selection: { paths: ['/home/../etc'] } }],
      ['no path', { selection: { paths: [] } }],
      ['a path with a NUL', { selection: { paths: ['/a\0b'] } }],
      ['a malformed pattern', { selection: { paths: ['/'], excludes: ['[a'] } }],
      ['a marker with a slash', { selection: { paths: ['/'], excludeIfPresent: ['a/b'] } }],
      ['a blackout without length', { limits: { blackouts: [{ from: '10:00', to: '10:00' }] } }],
      ['a name with a NUL', { name: 'a\0b' }],
      ['a tag with a comma', { tags: ['a,b'] }],
    ])('refuse %s', async (_what, changes) => {
      const { status, json } = await send(`POST /api/v1/clients/${clientId}/plans`, { ...samplePlan(), ...changes })
      expect([status, json.code], JSON.stringify(json)).toEqual([422, 'request.invalid'])
      const id = await add()
      expect((await send(`PATCH /api/v1/plans/${id}`, changes)).status).toBe(422)
    })

    it('say which field they refuse', async () => {
      const changes = { selection: { paths: ['/', 'home'] } }
      const { json } = await send(`POST /api/v1/clients/${clientId}/plans`, { ...samplePlan(), ...changes })
      expect(json.fields).toEqual([{ path: '/selection/paths/1', message: 'it is not absolute', reason: 'not-absolute' }])
      const preview = await send('POST /api/v1/plans/preview', { schedule: { cron: 'often' } })
      expect(preview.json.fields).toMatchObject([{ path: '/schedule/cron' }])
    })

    it('refuse a repository that is not there', async () => {
      expect((await send(`POST /api/v1/clients/${clientId}/plans`, { ...samplePlan(), repositoryId: 99 })).status).toBe(404)
      await server.database.queries.deleteFrom('repositories').execute()
      expect((await send(`POST /api/v1/clients/${clientId}/plans`, samplePlan())).status).toBe(404)
    })

    it('store elsewhere when they are told to, and refuse a place that is not there', async () => {
      const id = await add()
      const waiting = (await send(`POST /api/v1/plans/${id}/run`)).json
      const other = await addRepositoryRow(server.database, { name: 'other', isDefault: false })
      expect((await send(`PATCH /api/v1/plans/${id}`, { repositoryId: other })).json.repositoryId).toBe(other)
      expect((await send(`GET /api/v1/runs/${waiting.id}`)).json.repositoryId).toBe(waiting.repositoryId)
      expect((await send(`POST /api/v1/plans/${id}/run`)).json.repositoryId).toBe(other)
      expect((await send(`PATCH /api/v1/plans/${id}`, { repositoryId: 99 })).status).toBe(404)
      expect((await send(`GET /api/v1/plans/${id}`)).json.repositoryId).toBe(other)
    })

    it('tell when they run, and when they would', async () => {
      const id = await add(samplePlan({ limits: { blackouts: [{ from: '02:00', to: '04:00' }] } }))
      const time = { dueAt: '2026-06-02T00:30:00.000Z', startsAt: '2026-06-02T02:00:00.000Z' }
      expect((await send(`GET /api/v1/plans/${id}/times?count=1`)).json).toEqual({ times: [time] })
      expect((await send(`GET /api/v1/plans/${id}/times`)).json.times).toHaveLength(10)
      expect((await send(`GET /api/v1/plans/${id}/times?count=1000`)).status).toBe(422)
      const schedule = { cron: '0 */6 * * *', timeZone: 'America/New_York' }
      const preview = await send('POST /api/v1/plans/preview', { schedule, count: 2 })
      expect(preview.json.times.map(({ startsAt }: { startsAt: string }) => startsAt)).toEqual([
        '2026-06-01T16:00:00.000Z',
        '2026-06-01T22:00:00.000Z',
      ])
      expect((await send('POST /api/v1/plans/preview', { schedule: { cron: 'x' } })).status).toBe(422)
    })

    it('run now, replacing what waits, but not beside what runs', async () => {
      const id = await add()
      const first = await send(`POST /api/v1/plans/${id}/run`)
      expect([first.status, first.json.state, first.json.trigger]).toEqual([201, 'pending', 'manual'])
      const second = await send(`POST /api/v1/plans/${id}/run`)
      expect((await send(`GET /api/v1/runs/${first.json.id}`)).json.state).toBe('cancelled')
      const agent = { kind: 'agent', clientId, clientName: 'mail', ownerId: 1 } as const
      const order = await server.services.agentRuns.claim(agent, { instance: 'one', waitMs: 0 })
      expect(order?.runId).toBe(second.json.id)
      expect((await send(`POST /api/v1/plans/${id}/run`)).status).toBe(409)
      expect((await send(`DELETE /api/v1/plans/${id}`)).status).toBe(204)
      expect((await send(`GET /api/v1/runs/${second.json.id}`)).json).toMatchObject({ isCancelRequested: true, planId: null })
    })

    it('run once when several ask at the same moment', async () => {
      const id = await add()
      const answers = await Promise.all(Array.from({ length: 8 }, () => send(`POST /api/v1/plans/${id}/run`)))
      expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([])
      const { json } = await send(`GET /api/v1/runs?planId=${id}&state=pending`)
      expect(json.items).toHaveLength(1)
    })
  })
}
