import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'

for (const databases of allDatabases()) {
  describe(`accounts on ${databases.name}`, () => {
    let server: TestServer
    beforeEach(async () => {
      const databaseUrl = await databases.create()
      server = await TestServer.start(databaseUrl === undefined ? {} : { databaseUrl })
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('makes users, who sign in and out', async () => {
      await server.addUser('root', 'admin')
      const added = await server.request('POST /api/v1/users', { as: 'root', body: { username: 'ann', password: TEST_PASSWORD } })
      expect(added.statusCode, added.body).toBe(201)
      expect(added.json()).toMatchObject({ username: 'ann', role: 'operator', hasSecondFactor: false })
      const again = await server.request('POST /api/v1/users', { as: 'root', body: { username: 'ann', password: TEST_PASSWORD } })
      expect([again.statusCode, again.json().code]).toEqual([409, 'request.conflict'])

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
  })
}
