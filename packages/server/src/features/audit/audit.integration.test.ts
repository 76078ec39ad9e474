import { ManualClock } from '@holdfast/engine/testing'
import { auditPageSchema } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { type Origin, SERVER_ORIGIN } from './audit.ts'

const DAY_MS = 86_400_000

for (const databases of allDatabases()) {
  describe(`the audit log on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    let root: number
    beforeEach(async () => {
      clock = new ManualClock(Date.UTC(2026, 0, 1))
      server = await TestServer.start({ clock, databaseUrl: await databases.create() })
      root = await server.addUser('root', 'admin')
      const user = { kind: 'user', userId: root, username: 'root', role: 'admin', scopes: undefined, sessionId: undefined } as const
      const agent = { kind: 'agent', clientId: 3, clientName: 'mail', ownerId: root } as const
      await record('client.created', 'client 3', { actor: user, address: '192.0.2.1' })
      clock.advance(DAY_MS / 2)
      await record('client.changed', 'client 3', { actor: agent, address: '192.0.2.2' })
      await record('client-code.created', 'client 3', SERVER_ORIGIN)
      await record('plan.removed', 'plan 1', SERVER_ORIGIN)
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    function record(action: string, subject: string, origin: Origin): Promise<void> {
      return server.services.audit.record(origin, { action, subject, detail: { name: 'mail' } })
    }

    async function list(query = ''): Promise<{ readonly actions: readonly string[]; readonly next: string | null }> {
      const reply = await server.request(`GET /api/v1/audit?${query}`, { as: 'root' })
      expect(reply.statusCode, reply.body).toBe(200)
      const { entries, next } = auditPageSchema.parse(reply.json())
      return { actions: entries.map(({ action }) => action), next }
    }

    it('tells what was done, by whom, and from where, newest first', async () => {
      const { entries } = (await server.request('GET /api/v1/audit', { as: 'root' })).json()
      expect(entries.slice(0, 4)).toMatchObject([
        { action: 'plan.removed', actor: 'server', userId: null, address: '', at: '2026-01-01T12:00:00.000Z' },
        { action: 'client-code.created' },
        { action: 'client.changed', actor: 'client 3 (mail)', userId: null, address: '192.0.2.2' },
        { action: 'client.created', subject: 'client 3', actor: 'user root', userId: root, detail: { name: 'mail' } },
      ])
    })

    it('is filtered', async () => {
      expect((await list('action=client')).actions).toEqual(['client.changed', 'client.created'])
      expect((await list('action=client.created')).actions).toEqual(['client.created'])
      expect((await list('subject=plan%201')).actions).toEqual(['plan.removed'])
      expect((await list(`userId=${root}`)).actions).toEqual(['client.created', 'session.begun'])
      expect((await list('since=2026-01-01T12:00:00Z')).actions).toHaveLength(3)
      expect((await list('until=2026-01-01T12:00:00Z')).actions).toEqual(['client.created', 'session.begun', 'user.created'])
      expect((await list('action=client&subject=client%203&since=2026-01-01T12:00:00Z')).actions).toEqual(['client.changed'])
    })

    it('comes in pages', async () => {
      const seen: string[] = []
      let cursor = ''
      for (let page = 0; page < 10; page++) {
        const { actions, next } = await list(`limit=4${cursor}`)
        seen.push(...actions)
        if (next === null) break
        // What comes meanwhile does not shift the pages.
        await record('plan.created', 'plan 2', SERVER_ORIGIN)
        cursor = `&cursor=${next}`
      }
      expect(seen).toEqual(['plan.removed', 'client-code.created', 'client.changed', 'client.created', 'session.begun', 'user.created'])
      for (const odd of ['cursor=x', 'action=%25', 'since=yesterday', 'limit=0', 'userId=0', 'userId=2147483648', 'cursor=99999999999']) {
        expect([odd, (await server.request(`GET /api/v1/audit?${odd}`, { as: 'root' })).statusCode]).toEqual([odd, 422])
      }
    })

    it('is for administrators, and forgets what is older than two years', async () => {
      await server.addUser('ann', 'operator')
      expect((await server.request('GET /api/v1/audit', { as: 'ann' })).statusCode).toBe(403)
      clock.advance(2 * 365 * DAY_MS - DAY_MS / 4)
      await server.services.accountUpkeep.removeExpired()
      await server.signIn('root')
      expect((await list('action=client')).actions).toEqual(['client.changed'])
    })
  })
}
