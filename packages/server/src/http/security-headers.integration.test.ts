import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allDatabases, TestServer } from '../testing/test-server.ts'

for (const databases of allDatabases()) {
  describe(`the headers of answers on ${databases.name}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      await server.addUser('ann', 'viewer')
    })
    afterAll(async () => {
      await server[Symbol.asyncDispose]()
      await databases.stop()
    })

    it.each(['GET /api/v1/me', 'GET /api/v1/users', 'GET /api/v1/nothing', 'GET /nothing', 'POST /api/v1/session'])(
      'of %s keep browsers strict, whatever the answer is',
      async (route) => {
        const { headers } = await server.request(route, { as: 'ann' })
        expect(headers['content-security-policy']).toBe(
          "default-src 'self';base-uri 'none';connect-src 'self';font-src 'self' data:;form-action 'self';frame-ancestors 'none';" +
            "img-src 'self' data: blob:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' 'unsafe-inline'",
        )
        expect(headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'cross-origin-opener-policy': 'same-origin',
        })
        expect(headers).not.toHaveProperty('x-powered-by')
        // Without a certificate a browser must not be told to insist on one.
        expect(headers).not.toHaveProperty('strict-transport-security')
      },
    )

    it('keep what is somebody’s out of caches', async () => {
      expect((await server.request('GET /api/v1/me', { as: 'ann' })).headers['cache-control']).toBe('no-store')
      expect((await server.request('GET /api/v1/me')).headers['cache-control']).toBe('no-store')
      expect((await server.request('GET /api/clients/unknown/backups')).headers['cache-control']).toBe('no-store')
      expect((await server.request('GET /api/openapi.json')).headers['cache-control']).toBeUndefined()
    })
  })
}
