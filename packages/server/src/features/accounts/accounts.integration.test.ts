import { ManualClock } from '@holdfast/engine/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

for (const databases of allDatabases()) {
  describe(`accounts on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    beforeEach(async () => {
      clock = new ManualClock(Date.UTC(2026, 0, 1))
      server = await TestServer.start({ clock, databaseUrl: await databases.create() })
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function login(username: string, password = TEST_PASSWORD): Promise<{ readonly status: number; readonly token: string }> {
      const reply = await server.request('POST /api/v1/session', { body: { username, password } })
      return { status: reply.statusCode, token: reply.cookies[0]?.value ?? '' }
    }

    async function actions(): Promise<readonly string[]> {
      const reply = await server.request('GET /api/v1/audit?limit=1000', { as: 'root' })
      return reply.json().entries.map(({ action }: { readonly action: string }) => action)
    }

    it('makes users, who sign in and out', async () => {
      await server.addUser('root', 'admin')
      const added = await server.request('POST /api/v1/users', { as: 'root', body: { username: 'ann', password: TEST_PASSWORD } })
      expect(added.statusCode, added.body).toBe(201)
      expect(added.json()).toMatchObject({ username: 'ann', role: 'operator', hasSecondFactor: false })
      const again = await server.request('POST /api/v1/users', { as: 'root', body: { username: 'ann', password: TEST_PASSWORD } })
      expect([again.statusCode, again.json().code]).toEqual([409, 'request.conflict'])
      const weak = await server.request('POST /api/v1/users', { as: 'root', body: { username: 'bob', password: 'password123' } })
      expect([weak.statusCode, weak.json().detail]).toEqual([422, expect.stringContaining('guessed first')])

      const login = await server.request('POST /api/v1/session', { body: { username: 'ann', password: TEST_PASSWORD } })
      expect(login.statusCode, login.body).toBe(200)
      const [cookie] = login.cookies
      expect(cookie).toMatchObject({ name: 'holdfast_session', httpOnly: true, sameSite: 'Strict' })
      const headers = { cookie: `holdfast_session=${cookie?.value}` }
      expect((await server.request('GET /api/v1/me', { headers })).json()).toMatchObject({ username: 'ann' })
      const foreign = await server.request('DELETE /api/v1/session', { headers: { ...headers, origin: 'https://elsewhere.example' } })
      expect([foreign.statusCode, foreign.json().code]).toEqual([403, 'request.foreign-origin'])
      expect((await server.request('DELETE /api/v1/session', { headers })).statusCode).toBe(204)
      expect((await server.request('GET /api/v1/me', { headers })).statusCode).toBe(401)
      expect(await actions()).toEqual(['session.ended', 'session.begun', 'user.created', 'session.begun', 'user.created'])
    })

    it('refuses who is nobody, may not, or sends what does not fit', async () => {
      await server.addUser('ann', 'operator')
      const nobody = await server.request('GET /api/v1/users')
      expect([nobody.statusCode, nobody.headers['content-type']]).toEqual([401, 'application/problem+json'])
      expect((await server.request('GET /api/v1/users', { as: 'ann' })).statusCode).toBe(403)
      const wrong = await server.request('POST /api/v1/session', { body: { username: 'ann', password: 'wrong' } })
      expect([wrong.statusCode, wrong.json().code]).toEqual([401, 'auth.failed'])
      const odd = await server.request('POST /api/v1/session', { body: { username: 7 } })
      expect([odd.statusCode, odd.json().code]).toEqual([422, 'request.invalid'])
      expect((await server.request('GET /api/v1/nothing')).statusCode).toBe(404)
    })

    it('lets administrators change and remove users, but never the last administrator', async () => {
      const root = await server.addUser('root', 'admin')
      const ann = await server.addUser('ann', 'operator')
      const change = async (id: number, body: object): Promise<number> =>
        (await server.request(`PATCH /api/v1/users/${id}`, { as: 'root', body })).statusCode
      expect(await change(root, { role: 'operator' })).toBe(409)
      expect(await change(root, { isDisabled: true })).toBe(409)
      expect((await server.request(`DELETE /api/v1/users/${root}`, { as: 'root' })).statusCode).toBe(409)

      expect(await change(ann, { isDisabled: true, retention: { versions: 3 } })).toBe(200)
      expect((await server.request('GET /api/v1/me', { as: 'ann' })).statusCode).toBe(401)
      expect((await login('ann')).status).toBe(401)
      expect(await change(ann, { isDisabled: false })).toBe(200)
      const me = await server.request('GET /api/v1/me', { as: 'ann' })
      expect(me.json()).toMatchObject({ retention: { versions: 3 }, isDisabled: false })
      const own = await server.request('PATCH /api/v1/me', { as: 'ann', body: { retention: { days: 7 } } })
      expect(own.json()).toMatchObject({ retention: { days: 7 }, role: 'operator' })
      const raised = await server.request('PATCH /api/v1/me', { as: 'ann', body: { retention: { days: 9 }, role: 'admin' } })
      expect([raised.statusCode, raised.json().fields]).toEqual([422, [expect.objectContaining({ path: '/role' })]])
      const unchanged = await server.request('GET /api/v1/me', { as: 'ann' })
      expect(unchanged.json()).toMatchObject({ retention: { days: 7 }, role: 'operator' })

      expect(await change(ann, { password: 'a new one for ann', role: 'admin' })).toBe(200)
      expect((await server.request('GET /api/v1/me', { as: 'ann' })).statusCode).toBe(401)
      expect((await login('ann', 'a new one for ann')).status).toBe(200)
      expect(await change(root, { role: 'viewer' })).toBe(200)
      expect(await change(ann, { role: 'viewer' })).toBe(403)
    })

    it('of two administrators who remove each other at once, one stays', async () => {
      const ids = [await server.addUser('one', 'admin'), await server.addUser('two', 'admin')]
      const origin = { actor: 'server', address: '' } as const
      const removals = await Promise.allSettled(ids.map((id) => server.services.accounts.remove(id, origin)))
      expect(removals.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      expect(await server.services.accounts.list()).toHaveLength(1)
    })

    it('keeps users who own clients', async () => {
      await server.addUser('root', 'admin')
      const ann = await server.addUser('ann', 'operator')
      const client = await server.services.clients.createFor(ann, { name: 'desk', settings: undefined }, { actor: 'server', address: '' })
      const refused = await server.request(`DELETE /api/v1/users/${ann}`, { as: 'root' })
      expect([refused.statusCode, refused.json().detail]).toEqual([409, expect.stringContaining('clients')])
      await server.request(`DELETE /api/v1/clients/${client.id}?withSnapshots=true`, { as: 'root' })
      expect((await server.request(`DELETE /api/v1/users/${ann}`, { as: 'root' })).statusCode).toBe(204)
      expect((await server.request(`GET /api/v1/users/${ann}`, { as: 'root' })).statusCode).toBe(404)
    })

    it('changes one’s own password with the old one, which ends all other sessions', async () => {
      await server.addUser('ann', 'viewer')
      const other = await login('ann')
      const put = (currentPassword: string, password: string): Promise<{ readonly statusCode: number }> =>
        server.request('PUT /api/v1/me/password', { as: 'ann', body: { currentPassword, password } })
      expect((await put('wrong', 'a much better one')).statusCode).toBe(401)
      expect((await put(TEST_PASSWORD, 'ann ann ann')).statusCode).toBe(422)
      expect((await put(TEST_PASSWORD, 'a much better one')).statusCode).toBe(204)
      expect((await server.request('GET /api/v1/me', { as: 'ann' })).statusCode).toBe(200)
      expect((await server.request('GET /api/v1/me', { token: other.token })).statusCode).toBe(401)
      expect((await login('ann')).status).toBe(401)
      expect((await login('ann', 'a much better one')).status).toBe(200)
      // Whoever has a session only cannot guess on, nor lock the owner out.
      for (let guess = 0; guess < 9; guess++) await put(`guess ${guess}`, 'a much better one')
      expect((await put('guess', 'a much better one')).statusCode).toBe(401)
      expect((await put('a much better one', 'yet another one')).statusCode).toBe(429)
      expect((await login('ann', 'a much better one')).status).toBe(200)
    })

    it('lists sessions and ends them, one or all, by hand or in time', async () => {
      await server.addUser('root', 'admin')
      const ann = await server.addUser('ann', 'operator')
      const [first, second] = [await login('ann'), await login('ann')]
      const list = async (): Promise<{ readonly id: number; readonly isCurrent: boolean }[]> =>
        (await server.request('GET /api/v1/me/sessions', { token: second.token })).json()
      const [current, oldest] = [(await list()).find(({ isCurrent }) => isCurrent), (await list()).at(-1)]
      expect(current).toMatchObject({ id: (await list())[0]?.id, address: '127.0.0.1' })
      expect((await server.request(`DELETE /api/v1/me/sessions/${oldest?.id}`, { as: 'root' })).statusCode).toBe(404)
      expect((await server.request(`DELETE /api/v1/me/sessions/${oldest?.id}`, { token: second.token })).statusCode).toBe(204)
      expect((await server.request('GET /api/v1/me', { as: 'ann' })).statusCode).toBe(401)
      expect((await server.request('DELETE /api/v1/me/sessions', { token: second.token })).statusCode).toBe(204)
      expect((await server.request('GET /api/v1/me', { token: first.token })).statusCode).toBe(401)
      expect(await list()).toHaveLength(1)

      for (let hour = 0; hour < 31; hour++) {
        clock.advance(23 * HOUR_MS)
        expect((await server.request('GET /api/v1/me', { token: second.token })).statusCode).toBe(200)
      }
      clock.advance(8 * HOUR_MS)
      expect((await server.request('GET /api/v1/me', { token: second.token })).statusCode).toBe(401)
      const third = await login('ann')
      await server.signIn('root')
      expect((await server.request(`DELETE /api/v1/users/${ann}/sessions`, { as: 'root' })).statusCode).toBe(204)
      expect((await server.request('GET /api/v1/me', { token: third.token })).statusCode).toBe(401)
      await server.services.accountUpkeep.removeExpired()
      expect(await server.database.queries.selectFrom('sessions').select('user_id').execute()).toHaveLength(1)
    })

    it('makes API tokens that do what they are for until they end', async () => {
      await server.addUser('ann', 'admin')
      const body = { name: 'prometheus', scopes: ['read'], expiresInDays: 30 }
      const made = await server.request('POST /api/v1/me/tokens', { as: 'ann', body })
      expect(made.statusCode, made.body).toBe(201)
      const { id, token } = made.json()
      expect(made.json()).toMatchObject({ name: 'prometheus', scopes: ['read'], expiresAt: '2026-01-31T00:00:00.000Z', lastUsedAt: null })
      const stored = await server.database.queries.selectFrom('api_tokens').selectAll().execute()
      expect(JSON.stringify(stored)).not.toContain(token)
      expect((await server.request('GET /api/v1/plans', { token })).statusCode).toBe(200)
      expect((await server.request('GET /api/v1/users', { token })).statusCode).toBe(403)
      const { token: all } = (
        await server.request('POST /api/v1/me/tokens', { as: 'ann', body: { name: 'all', scopes: ['admin'] } })
      ).json()
      expect((await server.request('GET /api/v1/users', { token: all })).statusCode).toBe(200)
      expect((await server.request('POST /api/v1/me/tokens', { token: all, body })).statusCode).toBe(403)
      const listed = (await server.request('GET /api/v1/me/tokens', { as: 'ann' })).json()
      expect(listed).toMatchObject([{ name: 'prometheus', lastUsedAt: '2026-01-01T00:00:00.000Z' }, { name: 'all' }])
      expect(JSON.stringify(listed)).not.toContain('hfu_')

      clock.advance(31 * DAY_MS)
      expect((await server.request('GET /api/v1/plans', { token })).statusCode).toBe(401)
      expect((await server.request('GET /api/v1/plans', { token: all })).statusCode).toBe(200)
      await server.signIn('ann')
      await server.addUser('bob', 'admin')
      expect((await server.request(`DELETE /api/v1/me/tokens/${listed[1].id}`, { as: 'bob' })).statusCode).toBe(404)
      expect((await server.request(`DELETE /api/v1/me/tokens/${listed[1].id}`, { as: 'ann' })).statusCode).toBe(204)
      expect((await server.request('GET /api/v1/plans', { token: all })).statusCode).toBe(401)
      expect((await server.request(`DELETE /api/v1/me/tokens/${id}`, { as: 'ann' })).statusCode).toBe(204)
    })
  })
}
