import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer } from '../testing/test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

describe('the description of the API', () => {
  test('has every route, with who may call it and what it takes and gives', async () => {
    const reply = await server.request('GET /api/openapi.json')
    expect(reply.statusCode).toBe(200)
    const { openapi, paths } = reply.json()
    expect(openapi).toBe('3.1.0')
    expect(Object.keys(paths).length).toBeGreaterThan(50)
    const plan = paths['/api/v1/clients/{clientId}/plans'].post
    expect(plan.security).toEqual([{ session: [] }, { token: [] }])
    expect(plan.requestBody.content['application/json'].schema.properties.selection).toBeDefined()
    expect(paths['/agent/v1/ping'].post.security).toEqual([{ agent: [] }])
    for (const [path, methods] of Object.entries<Record<string, { summary?: string }>>(paths)) {
      for (const [method, route] of Object.entries(methods))
        expect([path, method, route.summary]).toEqual([path, method, expect.any(String)])
    }
  })

  test('can be read by people, from this server alone', async () => {
    const page = await server.request('GET /api/docs')
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')])
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.body).not.toMatch(/(src|href)="https?:/)
  })
})
