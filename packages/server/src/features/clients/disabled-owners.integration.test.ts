import type { ManualClock } from '@holdfast/engine/testing'
import type { Client, Overview, Plan, Run } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newToken } from '../../secrets/tokens.ts'
import { ClientLab, LAB_MACHINE } from '../../testing/client-lab.ts'
import { samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, type TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

const DAY_MS = 86_400_000

for (const databases of allDatabases()) {
  describe(`machines of a disabled user on ${databases.name}`, () => {
    let lab: ClientLab
    let server: TestServer
    let clock: ManualClock
    let ann: number
    let clientId: number
    let planId: number
    let token: string
    beforeEach(async () => {
      lab = await ClientLab.start({ databaseUrl: await databases.create(), clientSettings: { overdueAfterHours: 1 } })
      ;({ server, clock, ownerId: ann, clientId, token } = lab)
      planId = (await server.services.plans.createFor(clientId, { plan: samplePlan(), origin: SERVER_ORIGIN })).id
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const change = (isDisabled: boolean) => server.request(`PATCH /api/v1/users/${ann}`, { as: 'root', body: { isDisabled } })
    /** The scheduler has looked after the time has passed, and the session that has ended meanwhile is begun again. */
    const later = async (ms: number): Promise<void> => {
      clock.advance(ms)
      await server.services.scheduler.look()
      await server.signIn('root')
    }
    const claim = () => server.request('POST /agent/v1/runs/claim', { token, body: { waitSeconds: 0 } })
    const run = async (id: number): Promise<Run> => (await server.request(`GET /api/v1/runs/${id}`, { as: 'root' })).json<Run>()
    const runNow = () => server.request(`POST /api/v1/plans/${planId}/run`, { as: 'root' })

    it('are refused whatever their agents ask for, told why and when to ask again, and let in once the user is enabled', async () => {
      expect((await lab.ping()).statusCode).toBe(200)
      await change(true)
      const calls = [
        ['POST /agent/v1/ping', LAB_MACHINE],
        ['POST /agent/v1/runs/claim', {}],
        ['POST /agent/v1/uploads', { repositoryId: 1, runId: 1, paths: ['/'] }],
        ['GET /agent/v1/snapshots', undefined],
      ] as const
      for (const [route, body] of calls) {
        const refused = await server.request(route, { token, ...(body === undefined ? {} : { body }) })
        expect(refused.statusCode, route).toBe(403)
        expect(refused.headers['retry-after']).toBe('120')
        expect(refused.json()).toMatchObject({
          code: 'client.disabled',
          detail: 'Cannot work for desk: the user ann, whom the client belongs to, is disabled',
        })
      }
      await change(false)
      expect((await lab.ping()).statusCode).toBe(200)
    })

    it('end what they do, and begin nothing, not even what somebody asks for', async () => {
      const first = (await runNow()).json<Run>()
      expect((await claim()).json()).toMatchObject({ order: { runId: first.id } })
      const { repositoryId } = first
      const second = await server.services.runs.create({
        ...{ kind: 'backup', clientId, planId, repositoryId: repositoryId ?? 0, trigger: 'schedule' },
      })
      await change(true)
      const stopped = { state: 'cancelled', error: { code: 'client.disabled' } }
      expect(await run(first.id)).toMatchObject(stopped)
      expect(await run(second.id)).toMatchObject(stopped)
      expect((await runNow()).json()).toMatchObject({ code: 'request.conflict', detail: expect.stringContaining('is disabled') })
      const retried = await server.request(`POST /api/v1/runs/${first.id}/retry`, { as: 'root' })
      expect(retried.json()).toMatchObject({ code: 'request.conflict', detail: expect.stringContaining('is disabled') })
      await later(3 * DAY_MS)
      const runs = await server.services.runStore.list({ planId, limit: 10 })
      expect(runs.map(({ id }) => id)).toEqual([second.id, first.id])
      await change(false)
      await server.services.scheduler.look()
      await later(DAY_MS)
      expect((await claim()).json()).toMatchObject({ order: { kind: 'backup', planName: 'documents' } })
    })

    it('give nothing to an agent that waits already', async () => {
      const agent = { kind: 'agent', clientId, clientName: 'desk', ownerId: ann } as const
      await change(true)
      await server.services.runs.create({ kind: 'backup', clientId, planId, repositoryId: 1, trigger: 'manual' })
      expect(await server.services.agentRuns.claim(agent, { instance: 'one', waitMs: 0 })).toBeUndefined()
      expect(await server.services.runStore.waitingClients(clock.now())).toEqual(new Set())
      await change(false)
      expect(await server.services.agentRuns.claim(agent, { instance: 'one', waitMs: 0 })).toBeDefined()
    })

    it('are not called overdue, silent or failed, and say that they are disabled', async () => {
      await later(2 * DAY_MS)
      await later(2 * DAY_MS)
      const overview = async () => (await server.request('GET /api/v1/overview', { as: 'root' })).json<Overview>()
      const client = async () => (await server.request(`GET /api/v1/clients/${clientId}`, { as: 'root' })).json<Client>()
      const plan = async () => (await server.request(`GET /api/v1/plans/${planId}`, { as: 'root' })).json<Plan>()
      expect((await overview()).clients).toMatchObject({ overdue: 1, disabled: 0 })
      expect(await plan()).toMatchObject({ isOverdue: true })
      await change(true)
      await later(2 * DAY_MS)
      const { clients, attention } = await overview()
      expect(clients).toMatchObject({ overdue: 0, disabled: 1 })
      expect(attention.items.filter((item) => item.clientId === clientId)).toEqual([])
      expect(await client()).toMatchObject({ state: 'disabled', isDisabled: false, isOverdue: false, nextRunAt: null })
      expect(await plan()).toMatchObject({ isOverdue: false })
      await change(false)
      await server.services.scheduler.look()
      expect(await plan()).toMatchObject({ isOverdue: false })
      expect((await client()).nextRunAt).not.toBeNull()
    })

    it('are refused by the endpoints of restic and of the Backup Service', async () => {
      const { hash, token: password } = newToken('restic')
      await server.database.queries
        .insertInto('restic_passwords')
        .values({ client_id: clientId, token_hash: hash, created_at: 0 })
        .execute()
      const authorization = `Basic ${Buffer.from(`desk:${password}`).toString('base64')}`
      const restic = () => server.request('GET /restic/main/config', { headers: { authorization } })
      const backups = () => server.request(`GET /api/clients/${token}/backups`)
      expect([(await restic()).statusCode, (await backups()).statusCode]).toEqual([404, 200])
      await change(true)
      const refused = await restic()
      expect([refused.statusCode, refused.body]).toEqual([403, expect.stringContaining('the user ann')])
      const old = await backups()
      expect([old.statusCode, old.json()]).toEqual([403, { detail: expect.stringContaining('the user ann') }])
      expect(old.headers['retry-after']).toBe('120')
      expect((await server.request(`POST /api/clients/${token}/ping`)).statusCode).toBe(403)
      await change(false)
      expect([(await restic()).statusCode, (await backups()).statusCode]).toEqual([404, 200])
    })
  })
}
