import type { MachinePolicyReport } from '@holdfast/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { LAB_MACHINE } from '../../testing/client-lab.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

const DENIED: MachinePolicyReport = { commands: 'deny', restores: 'deny', restorePaths: [], file: null }
const NARROW: MachinePolicyReport = { ...DENIED, restores: 'listed', restorePaths: ['/srv/restored'], file: '/etc/holdfast/agent.yaml' }

for (const databases of allDatabases()) {
  describe(`what the owner of a machine allows, on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('is what the agent said last, and nothing of agents that do not say it', async () => {
      await using server = await TestServer.start({ databaseUrl: await databases.create() })
      const ownerId = await server.addUser('ann', 'operator')
      const client = await server.services.clients.createFor(ownerId, { name: 'desk', settings: undefined }, SERVER_ORIGIN)
      const token = await server.services.enrolments.rotate(client, SERVER_ORIGIN)
      const ping = async (policy?: unknown): Promise<number> => {
        const body = { ...LAB_MACHINE, ...(policy === undefined ? {} : { policy }) }
        return (await server.request('POST /agent/v1/ping', { token, body })).statusCode
      }
      const known = async (): Promise<unknown> => {
        const listed = (await server.request('GET /api/v1/clients', { as: 'ann' })).json().items[0].policy
        expect((await server.request(`GET /api/v1/clients/${client.id}`, { as: 'ann' })).json().policy).toEqual(listed)
        return listed
      }
      expect(await known()).toBeNull()
      for (const policy of [DENIED, NARROW, undefined, DENIED]) {
        expect(await ping(policy)).toBe(200)
        expect(await known()).toEqual(policy ?? null)
      }
      expect(await ping({ ...DENIED, reads: 'all' })).toBe(200)
      for (const policy of ['all', { ...DENIED, commands: 'some' }, { ...DENIED, restorePaths: new Array(21).fill('/a') }]) {
        expect(await ping(policy)).toBe(422)
      }
      expect(await known()).toEqual(DENIED)
    })
  })
}
