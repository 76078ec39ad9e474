import type { Client } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TestServer } from '../../testing/test-server.ts'

const HOOKS = { pre: [{ line: 'sync', timeoutSeconds: 60 }], post: [], onFailure: [] }
const BEFORE = {
  ...{ hooks: HOOKS, overdueAfterHours: 36, quotaBytes: 1000, mayRestore: false },
  ...{ retention: null, limits: { blackouts: [] } },
}

for (const databases of allDatabases()) {
  describe(`what is changed of a client on ${databases.name}`, () => {
    let server: TestServer
    let path: string
    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      await server.addUser('root', 'admin')
      const ownerId = await server.addUser('ann', 'operator')
      const settings = { hooks: HOOKS, overdueAfterHours: 36, quotaBytes: 1000, mayRestore: false }
      const { id } = (
        await server.request('POST /api/v1/clients', { as: 'root', body: { name: 'desk', ownerId, settings } })
      ).json<Client>()
      path = `/api/v1/clients/${id}`
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('leaves all that is not named as it is', async () => {
      const before = (await server.request(`GET ${path}`, { as: 'ann' })).json<Client>()
      const changed = await server.request(`PATCH ${path}`, { as: 'ann', body: { settings: { overdueAfterHours: 12 } } })
      expect(changed.statusCode, changed.body).toBe(200)
      const { name, settings } = (await server.request(`GET ${path}`, { as: 'ann' })).json<Client>()
      expect({ name, settings }).toEqual({ name: 'desk', settings: { ...before.settings, overdueAfterHours: 12 } })
      expect(settings).toMatchObject({ hooks: HOOKS, quotaBytes: 1000, mayRestore: false })
    })

    it('stays when many others change other fields at the same moment', async () => {
      const changes = [
        { settings: { overdueAfterHours: 7 } },
        { settings: { mayRestore: true } },
        { settings: { quotaBytes: 5000 } },
        { settings: { retention: { versions: 9 } } },
        { settings: { hooks: { pre: [], post: [], onFailure: [] } } },
        { settings: { limits: { blackouts: [], maxDurationMinutes: 5 } } },
        { name: 'renamed' },
        { isDisabled: true },
      ]
      for (let round = 0; round < 4; round++) {
        await server.request(`PATCH ${path}`, { as: 'root', body: { name: 'desk', isDisabled: false, settings: BEFORE } })
        const ask = (body: object) => server.request(`PATCH ${path}`, { as: 'root', body })
        const answers = await Promise.all(changes.map(ask))
        expect(answers.map(({ statusCode }) => statusCode)).toEqual(changes.map(() => 200))
        const client = (await server.request(`GET ${path}`, { as: 'root' })).json<Client>()
        expect(client).toMatchObject({ name: 'renamed', isDisabled: true })
        expect(client.settings).toMatchObject(Object.assign({}, ...changes.map(({ settings }) => settings ?? {})))
      }
    })

    it('takes bounds away by null, and its owner cannot take the quota away', async () => {
      const refused = await server.request(`PATCH ${path}`, { as: 'ann', body: { settings: { quotaBytes: null } } })
      expect(refused.statusCode).toBe(403)
      await server.request(`PATCH ${path}`, { as: 'ann', body: { settings: { overdueAfterHours: null } } })
      const { settings } = (await server.request(`GET ${path}`, { as: 'ann' })).json<Client>()
      expect(settings).toMatchObject({ overdueAfterHours: null, quotaBytes: 1000 })
    })
  })
}
