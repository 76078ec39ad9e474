import { secureRandom } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { NewPlan, Plan, Run } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeServices, type Services } from '../../composition.ts'
import type { UserActor } from '../../http/actor.ts'
import { SecretBox } from '../../secrets/secret-box.ts'
import { addClientRow, addRepositoryRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'
import { PlanStore } from '../plans/store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DONE = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: null, error: null } as const

for (const databases of allDatabases()) {
  describe(`the scheduler on ${databases.name}`, () => {
    let server: TestServer
    let other: Services
    let clock: ManualClock
    let admin: UserActor
    let clientId: number

    beforeEach(async () => {
      clock = new ManualClock(Date.parse('2026-10-20T12:00:00Z'))
      server = await TestServer.start({ clock, databaseUrl: await databases.create() })
      other = composeServices({ ...server, clock, secrets: new SecretBox(secureRandom(32)) })
      const userId = await server.addUser('root', 'admin')
      admin = { kind: 'user', userId, username: 'root', role: 'admin', scopes: undefined, sessionId: undefined }
      clientId = await addClientRow(server.database, { name: 'mail', ownerId: userId })
      await addRepositoryRow(server.database)
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const addPlan = (plan: NewPlan): Promise<Plan> => server.services.plans.createFor(clientId, { plan, origin: SERVER_ORIGIN })
    const look = async (): Promise<void> => {
      await Promise.all([server.services.scheduler.look(), other.scheduler.look()])
    }
    const runs = async (): Promise<Run[]> => (await server.services.runs.list(admin, { limit: 1000 })).items.reverse()
    const finishAll = async (): Promise<void> => {
      const agent = { kind: 'agent', clientId, clientName: 'mail', ownerId: admin.userId } as const
      const { agentRuns } = server.services
      for (;;) {
        const order = await agentRuns.claim(agent, { instance: 'one', waitMs: 0 })
        if (order === undefined) return
        await agentRuns.finish(agent, order.runId, DONE)
      }
    }

    it('makes one run a night over two weeks, with two servers and a change of clocks', async () => {
      await addPlan(samplePlan())
      for (let hour = 0; hour < 14 * 24; hour++) {
        clock.advance(HOUR_MS)
        await look()
        await finishAll()
      }
      const made = (await runs()).map(({ createdAt, trigger, state }) => `${createdAt.slice(5, 16)} ${trigger} ${state}`)
      expect(made).toHaveLength(14)
      expect(made.slice(3, 6)).toEqual(['10-24T01:00 catch-up finished', '10-25T01:00 catch-up finished', '10-26T02:00 catch-up finished'])
    })

    it('calls a run that begins within minutes scheduled, and makes up for days off by one', async () => {
      const { id } = await addPlan(samplePlan())
      await look()
      clock.advance(DAY_MS / 2 + 35 * 60_000)
      await look()
      await finishAll()
      clock.advance(5 * DAY_MS)
      await look()
      await look()
      expect((await runs()).map(({ trigger }) => trigger)).toEqual(['schedule', 'catch-up'])
      expect((await server.services.plans.get(admin, id)).nextRunAt).toBe('2026-10-26T01:30:00.000Z')
    })

    it('makes nothing up for when the plan says so, and gives up what its client did not take', async () => {
      await addPlan(samplePlan({ schedule: { catchUp: false } }))
      clock.advance(3 * DAY_MS)
      await look()
      expect(await runs()).toEqual([])
      clock.advance(Date.parse('2026-10-24T00:30:00Z') - clock.now())
      await look()
      clock.advance(16 * 60_000)
      await server.services.sweeper.sweep()
      expect(await runs()).toMatchObject([{ trigger: 'schedule', state: 'cancelled', error: { code: 'run.missed' } }])
    })

    it('makes one run of a time even when a slow server comes after it has ended', async () => {
      await addPlan(samplePlan())
      clock.advance(DAY_MS)
      const store = new PlanStore(server.database.queries)
      const [seenBySlowServer] = await store.due(clock.now(), 10)
      if (seenBySlowServer === undefined) throw new Error('nothing is due')
      await look()
      await finishAll()
      const run = {
        kind: 'backup',
        trigger: 'schedule',
        created_at: clock.now(),
        client_id: clientId,
        plan_id: seenBySlowServer.id,
      } as const
      expect(await store.fire(seenBySlowServer, { nextRunAt: null, overdueAt: 0, run })).toBeUndefined()
      expect(await runs()).toHaveLength(1)
    })

    it('adds no second run while one waits', async () => {
      await addPlan(samplePlan())
      for (let day = 0; day < 3; day++) {
        clock.advance(DAY_MS)
        await look()
      }
      expect(await runs()).toHaveLength(1)
    })

    it('survives a clock that was years ahead', async () => {
      clock.advance(1000 * DAY_MS)
      const { id } = await addPlan(samplePlan())
      await look()
      clock.advance(-1000 * DAY_MS)
      await look()
      expect((await server.services.plans.get(admin, id)).nextRunAt).toBe('2026-10-21T00:30:00.000Z')
    })

    it('tells once that a plan is overdue, and no more after a success', async () => {
      const told: number[] = []
      server.services.scheduler.onOverdue(({ overdueAt }) => void told.push(overdueAt))
      other.scheduler.onOverdue(({ overdueAt }) => void told.push(overdueAt))
      const { id } = await addPlan(samplePlan())
      const overdueAt = Date.parse('2026-10-22T00:30:00Z')
      for (let hour = 0; hour < 72; hour++) {
        clock.advance(HOUR_MS)
        await look()
        expect(told, new Date(clock.now()).toISOString()).toEqual(clock.now() >= overdueAt ? [overdueAt] : [])
      }
      expect((await server.services.plans.get(admin, id)).isOverdue).toBe(true)
      await finishAll()
      expect((await server.services.plans.get(admin, id)).isOverdue).toBe(false)
    })

    it('computes the next time anew when a plan or its client changes', async () => {
      const { id } = await addPlan(samplePlan())
      const { plans } = server.services
      const schedule = { ...samplePlan().schedule, cron: '0 13 * * *', timeZone: 'America/New_York' }
      const changed = await plans.change(admin, id, { changes: { schedule }, origin: SERVER_ORIGIN })
      expect(changed.nextRunAt).toBe('2026-10-20T17:00:00.000Z')
      const settings = JSON.stringify({ limits: { blackouts: [{ from: '12:00', to: '14:00' }] } })
      await server.database.queries.updateTable('clients').set({ settings }).execute()
      await plans.clientChanged(clientId)
      expect((await plans.get(admin, id)).nextRunAt).toBe('2026-10-20T18:00:00.000Z')
      await plans.change(admin, id, { changes: { isEnabled: false }, origin: SERVER_ORIGIN })
      clock.advance(30 * DAY_MS)
      await look()
      expect(await runs()).toEqual([])
    })
  })
}
