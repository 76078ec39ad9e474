import type { RetentionPreview } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MaintenanceLab } from '../../testing/maintenance-lab.ts'
import { addClientRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

const HOUR_MS = 3_600_000

for (const databases of allDatabases()) {
  describe(`previews of retention on ${databases.name}`, () => {
    let lab: MaintenanceLab
    beforeEach(async () => {
      lab = await MaintenanceLab.start(await databases.create())
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function ask(body: object, as = 'root') {
      const response = await lab.server.request('POST /api/v1/plans/retention-preview', { as, body })
      return { status: response.statusCode, preview: response.json() as RetentionPreview }
    }

    async function addPlan(clientId: number, retention: object | null = null): Promise<number> {
      const plan = { ...samplePlan({ retention }), repositoryId: lab.repositoryId }
      return (await lab.server.services.plans.createFor(clientId, { plan, origin: SERVER_ORIGIN })).id
    }

    it('say what the next prune does', async () => {
      const clientId = await lab.addClient('alpha', { versions: 2 })
      const planId = await addPlan(clientId, { versions: 1 })
      for (const ageDays of [9, 8, 7]) await lab.save(`plan ${ageDays}`, { ageDays, clientId, planId, isPinned: ageDays === 9 })
      for (const ageDays of [6, 5, 4]) await lab.save(`client ${ageDays}`, { ageDays, clientId })
      const { preview } = await ask({ retention: { versions: 2 }, clientId })
      expect(preview).toMatchObject({ effectiveRetention: { versions: 2 }, keptCount: 4, removedCount: 2, hasMore: false })
      expect(preview.items.map(({ reasons }) => reasons)).toEqual([
        ['newest', 'newest-whole', 'versions'],
        ['versions'],
        ['expired'],
        ['newest', 'newest-whole', 'versions'],
        ['expired'],
        ['pinned'],
      ])
      await lab.work()
      lab.later(20 * HOUR_MS)
      await lab.work()
      const kept = preview.items.filter(({ isKept }) => isKept).map(({ snapshotId }) => snapshotId)
      expect(new Set(await lab.present())).toEqual(new Set(kept))
    })

    it('try what is not set: of a plan, of a client, or what they inherit', async () => {
      const clientId = await lab.addClient('alpha', { versions: 2 })
      const planId = await addPlan(clientId, { versions: 1 })
      for (const ageDays of [3, 2, 1]) await lab.save(`plan ${ageDays}`, { ageDays, clientId, planId })
      const removed = async (body: object): Promise<number> => (await ask(body)).preview.removedCount
      expect(await removed({ retention: { versions: 1 }, planId })).toBe(2)
      expect(await removed({ retention: {}, planId })).toBe(0)
      // Inherited from the client.
      expect((await ask({ retention: null, planId })).preview).toMatchObject({ effectiveRetention: { versions: 2 }, removedCount: 1 })
      // The plan's own goes before the client's.
      expect(await removed({ retention: { versions: 3 }, clientId })).toBe(2)
      // Inherited from the owner, who keeps everything.
      expect((await ask({ retention: null, clientId })).preview.effectiveRetention).toBeNull()
      await lab.server.request(`PATCH /api/v1/plans/${planId}`, { as: 'root', body: { retention: null } })
      expect(await removed({ retention: null, clientId })).toBe(0)
      expect(await removed({ retention: { versions: 2 }, clientId })).toBe(1)
    })

    it('count days as the zone of the schedule does', async () => {
      const clientId = await lab.addClient('alpha', null)
      const planId = await addPlan(clientId)
      // 01:00 and 03:00 of one day in Berlin; in UTC midnight is between them.
      for (const hoursAgo of [34, 36]) await lab.save(`${hoursAgo}`, { ageDays: hoursAgo / 24, clientId, planId })
      expect((await ask({ retention: { daily: 9 }, planId })).preview.items.map(({ time }) => time)).toEqual([
        '2026-01-02T02:00:00.000Z',
        '2026-01-02T00:00:00.000Z',
      ])
      lab.later(-HOUR_MS)
      await lab.save('before midnight', { ageDays: 35.5 / 24, clientId, planId })
      const { preview } = await ask({ retention: { daily: 9 }, planId })
      expect(preview.items.map(({ time, isKept }) => [time, isKept])).toEqual([
        ['2026-01-02T02:00:00.000Z', true],
        ['2026-01-02T00:00:00.000Z', false],
        ['2026-01-01T23:30:00.000Z', true],
      ])
    })

    it('count on the calendar of each plan, as the next prune does, wherever the server is', async () => {
      const clientId = await lab.addClient('alpha', null)
      const add = async (timeZone: string): Promise<number> => {
        const plan = { ...samplePlan({ retention: { daily: 9 }, schedule: { timeZone } }), name: timeZone, repositoryId: lab.repositoryId }
        return (await lab.server.services.plans.createFor(clientId, { plan, origin: SERVER_ORIGIN })).id
      }
      const plans = new Map([['Pacific/Auckland', await add('Pacific/Auckland')] as const, ['UTC', await add('UTC')] as const])
      // At 00:00, 08:00, 10:30, 11:30 and 20:00 of the second of January in UTC; Auckland's midnight is at eleven.
      const hoursAgo = [36, 28, 25.5, 24.5, 16]
      for (const planId of plans.values())
        for (const hours of hoursAgo) await lab.save(`${planId} ${hours}`, { ageDays: hours / 24, clientId, planId })

      const keptBy = async (planId: number | undefined): Promise<string[]> => {
        const { preview } = await ask({ retention: { daily: 9 }, planId })
        return preview.items.filter(({ isKept }) => isKept).map(({ time }) => time.slice(11, 16))
      }
      // The oldest stays where fewer days than asked for have any.
      expect(await keptBy(plans.get('Pacific/Auckland'))).toEqual(['20:00', '10:30', '00:00'])
      expect(await keptBy(plans.get('UTC'))).toEqual(['20:00', '00:00'])
      const all = await Promise.all([...plans.values()].map((planId) => ask({ retention: { daily: 9 }, planId })))
      const kept = all.flatMap(({ preview }) => preview.items.filter(({ isKept }) => isKept).map(({ snapshotId }) => snapshotId))
      await lab.work()
      lab.later(20 * HOUR_MS)
      await lab.work()
      expect(new Set(await lab.present())).toEqual(new Set(kept))
    })

    it('are not there for others, and refuse what is no question', async () => {
      await lab.server.addUser('bob', 'operator')
      const annId = await lab.server.addUser('ann', 'viewer')
      const clientId = await addClientRow(lab.server.database, {
        ...{ name: 'mail', ownerId: annId },
        settings: { retention: null, hooks: { pre: [], post: [], onFailure: [] }, limits: { blackouts: [] } },
      })
      const planId = await addPlan(clientId)
      for (const target of [{ clientId }, { planId }]) {
        const body = { retention: { daily: 7 }, ...target }
        expect((await ask(body, 'bob')).status).toBe(404)
        expect(await ask(body, 'ann')).toMatchObject({ status: 200, preview: { items: [], keptCount: 0 } })
      }
      const wrong = [{ retention: null }, { retention: {}, planId, clientId }, { retention: { daily: 0 }, planId }, { planId }]
      for (const body of wrong) expect([body, (await ask(body)).status]).toEqual([body, 422])
      expect((await ask({ retention: null, planId: 4711 })).status).toBe(404)
    })
  })
}
