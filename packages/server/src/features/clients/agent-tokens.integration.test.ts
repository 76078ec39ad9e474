import type { ManualClock } from '@holdfast/engine/testing'
import type { AuditPage, Client, Pong } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientLab } from '../../testing/client-lab.ts'
import { allDatabases, type TestServer } from '../../testing/test-server.ts'

const DAY_MS = 86_400_000

for (const databases of allDatabases()) {
  describe(`tokens of agents on ${databases.name}`, () => {
    let lab: ClientLab
    let server: TestServer
    let clock: ManualClock
    let clientId: number
    let token: string
    beforeEach(async () => {
      lab = await ClientLab.start({ databaseUrl: await databases.create() })
      ;({ server, clock, clientId, token } = lab)
      await server.addUser('eve', 'operator')
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const status = async (by: string): Promise<number> => (await lab.ping(by)).statusCode
    const isWanted = async (by: string): Promise<boolean> => (await lab.ping(by)).json<Pong>().rotateToken
    const take = async (by: string): Promise<string> => (await server.request('POST /agent/v1/token', { token: by })).json().token
    const ask = (as: string) => server.request(`POST /api/v1/clients/${clientId}/token/rotation`, { as })
    const reports = async (): Promise<AuditPage['entries']> => {
      await server.signIn('root')
      return (await server.request('GET /api/v1/audit?action=client.retired-token-used', { as: 'root' })).json<AuditPage>().entries
    }

    it('are wanted new when they are thirty days old, and the old one counts until the new one is used', async () => {
      expect(await isWanted(token)).toBe(false)
      clock.advance(30 * DAY_MS - 1)
      expect(await isWanted(token)).toBe(false)
      clock.advance(1)
      expect(await isWanted(token)).toBe(true)
      const next = await take(token)
      expect(await isWanted(token)).toBe(true)
      expect(await isWanted(next)).toBe(false)
      expect(await status(token)).toBe(401)
      expect(await status(next)).toBe(200)
    })

    it('are said to be wanted new until the agent uses the new one', async () => {
      const isSaid = async (): Promise<boolean> =>
        (await server.request(`GET /api/v1/clients/${clientId}`, { as: 'root' })).json<Client>().isTokenRotationWanted
      expect(await isSaid()).toBe(false)
      expect((await ask('root')).statusCode).toBe(204)
      expect(await isSaid()).toBe(true)
      const next = await take(token)
      expect(await isSaid()).toBe(true)
      expect(await status(next)).toBe(200)
      expect(await isSaid()).toBe(false)
    })

    it('that were replaced open nothing, and their use is written down, not more than once an hour', async () => {
      const next = await take(token)
      expect(await status(next)).toBe(200)
      expect(await reports()).toEqual([])
      for (let count = 0; count < 3; count++) expect(await status(token)).toBe(401)
      expect((await server.request(`GET /api/clients/${token}/backups`)).statusCode).toBe(404)
      expect(await reports()).toMatchObject([{ actor: 'nobody (desk)', subject: `client ${clientId}`, address: '127.0.0.1' }])
      clock.advance(3_600_001)
      expect(await status(token)).toBe(401)
      expect(await reports()).toHaveLength(2)
      expect(await status(next)).toBe(200)
      expect(await status('hfa_never-was-one')).toBe(401)
      expect(await reports()).toHaveLength(2)
    })

    it('are safe when an answer is lost: what was offered before is void, and what is used counts', async () => {
      const lost = await take(token)
      const next = await take(token)
      expect(await status(lost)).toBe(401)
      expect(await status(token)).toBe(200)
      expect(await status(next)).toBe(200)
      expect(await status(token)).toBe(401)
      expect(await status(lost)).toBe(401)
    })

    it('are let in when the first uses of a new one come at once', async () => {
      const next = await take(token)
      expect(await Promise.all(Array.from({ length: 8 }, () => status(next)))).toEqual(Array.from({ length: 8 }, () => 200))
      const retired = await server.database.queries.selectFrom('retired_tokens').selectAll().execute()
      expect(retired).toHaveLength(1)
    })

    it('are replaced at once when somebody asks who may, but not while the client is at work', async () => {
      expect((await ask('eve')).statusCode).toBe(404)
      expect(await isWanted(token)).toBe(false)
      expect((await ask('root')).statusCode).toBe(204)
      const run = await server.services.runs.begin({ kind: 'backup', trigger: 'manual', clientId })
      expect(await isWanted(token)).toBe(false)
      await run.finish({ state: 'cancelled', snapshotId: null, statistics: null, error: null })
      expect(await isWanted(token)).toBe(true)
      const next = await take(token)
      expect(await isWanted(next)).toBe(false)
    })

    it('end with what was offered when they are revoked, and then there is nothing to replace', async () => {
      const next = await take(token)
      await server.request(`DELETE /api/v1/clients/${clientId}/token`, { as: 'root' })
      expect([await status(token), await status(next)]).toEqual([401, 401])
      expect((await ask('root')).json()).toMatchObject({ status: 409, code: 'request.conflict' })
    })
  })
}

it('tokens of agents are left alone where the setting says so', async () => {
  await using lab = await ClientLab.start({ settings: { agentTokenDays: 0 } })
  const { server, clock, clientId } = lab
  clock.advance(1000 * DAY_MS)
  expect((await lab.ping()).json()).toMatchObject({ rotateToken: false })
  await server.signIn('root')
  await server.request(`POST /api/v1/clients/${clientId}/token/rotation`, { as: 'root' })
  expect((await lab.ping()).json()).toMatchObject({ rotateToken: true })
})
