import type { RouteOptions } from 'fastify'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SERVER_ORIGIN } from '../features/audit/audit.ts'
import { samplePlan } from '../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../testing/test-server.ts'
import type { Access } from './access.ts'

/** What no field expects; databases, parsers and file systems choke on one or the other. */
const HOSTILE = [
  null,
  true,
  -1,
  1e308,
  2 ** 31,
  2 ** 53,
  '',
  'a\0b',
  '\ud800',
  '../../../etc/passwd',
  `'; drop table users; --`,
  'x'.repeat(5000),
  [],
  [[]],
  {},
  { toString: 1, __proto__x: {}, constructor: 'x' },
] as const

/** Not JSON, or not what JSON is taken for. */
const BODIES = ['', '{', 'null', '[]', '"text"', '{"a":'.repeat(2000), `{"__proto__":{"role":"admin"}}`, '{"name":"\\ud800"}']
const IDS = ['0', '-1', '1e9', '99999999999', '99999999999999999999', 'abc', '%00', '..', '%2e%2e%2f', 'a'.repeat(3000), 'a'.repeat(5000)]

/** Streams do not end by themselves. */
const isStream = (url: string): boolean => url.endsWith('/events') && url.startsWith('/api/')

interface ListedRoute {
  readonly method: string
  readonly url: string
  readonly access: Access
}

for (const databases of allDatabases()) {
  describe(`what nobody should send, on ${databases.name}`, () => {
    let server: TestServer
    let routes: ListedRoute[]
    let agent: string
    let description: ReturnType<typeof JSON.parse>

    beforeEach(async () => {
      routes = []
      const databaseUrl = await databases.create()
      server = await TestServer.start({
        databaseUrl,
        onRoute: ({ method, url, config }: RouteOptions) => {
          const access = config?.access
          if (access === undefined || url.startsWith('/api/docs') || isStream(url)) return
          for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, url, access })
        },
      })
      const admin = await server.addUser('admin', 'admin')
      const { services } = server
      const { id: repositoryId } = await services.repositories.ensureDefault()
      const client = await services.clients.createFor(admin, { name: 'desk', settings: undefined }, SERVER_ORIGIN)
      await services.plans.createFor(client.id, { plan: { ...samplePlan(), repositoryId }, origin: SERVER_ORIGIN })
      agent = await services.enrolments.rotate(client, SERVER_ORIGIN)
      description = (await server.request('GET /api/openapi.json')).json()
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function send(route: ListedRoute, { url, body }: { readonly url: string; readonly body?: string | undefined }): Promise<void> {
      if (/\/(session|me)/.test(route.url)) await server.signIn('admin')
      const {
        statusCode,
        body: answer,
        headers,
      } = await server.request(`${route.method} ${url}`, {
        ...(route.access.kind === 'agent' ? { token: agent } : route.access.kind === 'user' ? { as: 'admin' } : {}),
        ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
      })
      const what = `${route.method} ${url.slice(0, 200)} ${body?.slice(0, 300) ?? ''}: ${statusCode} ${answer.slice(0, 500)}`
      // What the server depends on may be away; that it fell over may not be.
      if (statusCode >= 500) expect([what, [502, 503].includes(statusCode)]).toEqual([what, true])
      if (statusCode >= 400 && route.url.startsWith('/api/v1/'))
        expect([what, headers['content-type']]).toEqual([what, expect.stringContaining('problem+json')])
      expect([what, /\bat .*\(.*:\d+:\d+\)|node_modules|\.ts:\d+/.test(answer)]).toEqual([what, false])
    }

    it('as a body is refused, and no more', async () => {
      for (const route of routes.filter(({ method }) => method !== 'GET')) {
        for (const body of BODIES) await send(route, { url: route.url.replaceAll(/:\w+/g, '1'), body })
      }
    }, 300_000)

    it('in any field of a body is refused, and no more', async () => {
      for (const route of routes.filter(({ method }) => method !== 'GET' && method !== 'DELETE')) {
        const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
        const schema = description.paths[path]?.[route.method.toLowerCase()]?.requestBody?.content?.['application/json']?.schema
        if (schema === undefined) continue
        const sample = sampleOf(schema)
        for (const hostile of HOSTILE) {
          for (const body of variants(sample, hostile))
            await send(route, { url: route.url.replaceAll(/:\w+/g, '1'), body: JSON.stringify(body) })
        }
      }
    }, 300_000)

    it('as the number of something is refused, and no more', async () => {
      for (const route of routes.filter(({ url }) => url.includes('/:'))) {
        for (const id of IDS) await send(route, { url: route.url.replaceAll(/:\w+/g, id) })
      }
    }, 60_000)

    it('in a query is refused, and no more', async () => {
      for (const route of routes.filter(({ method }) => method === 'GET')) {
        const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
        const parameters: { readonly in: string; readonly name: string }[] = description.paths[path]?.get?.parameters ?? []
        for (const { name } of parameters.filter((one) => one.in === 'query')) {
          for (const value of [
            '',
            '%00',
            '%F0%9F',
            '-1',
            '1e400',
            'x'.repeat(3000),
            '99999999999999999',
            '99999999999',
            '99999999999.99999999999',
            '%25',
            '..%2F..',
            '(((((',
            "'",
            '%',
          ] as const) {
            await send(route, { url: `${route.url.replaceAll(/:\w+/g, '1')}?${name}=${value}` })
          }
        }
      }
    }, 60_000)
  })
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly minLength?: number
  readonly minimum?: number
  readonly pattern?: string
  readonly format?: string
}

/** Something that fits a schema, more or less: what matters is that one hostile field is alone. */
function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0]
  if (choice !== undefined) return sampleOf(choice)
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0]
  switch (type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner)]))
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () => sampleOf(schema.items ?? {}))
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return textFor(schema)
  }
}

function textFor({ pattern, format, minLength = 1 }: JsonSchema): string {
  const candidates = [
    '/home',
    'text',
    'a'.repeat(64),
    '12:30',
    '2026-01-01T00:00:00Z',
    'https://example.org/',
    'ann@example.org',
    'UTC',
    'a'.repeat(32),
  ]
  if (format === 'date-time') return '2026-01-01T00:00:00Z'
  if (format === 'uri') return 'https://example.org/'
  if (pattern === undefined) return 'sample text'.padEnd(minLength, 'x')
  return candidates.find((text) => new RegExp(pattern, 'u').test(text)) ?? 'text'
}

/** The sample with one field after the other made hostile, at every depth. */
function* variants(sample: unknown, hostile: unknown): Generator<unknown> {
  if (typeof sample !== 'object' || sample === null) return
  for (const [name, inner] of Object.entries(sample)) {
    const replace = (value: unknown): unknown =>
      Array.isArray(sample) ? sample.with(Number(name), value) : { ...(sample as object), [name]: value }
    yield replace(hostile)
    for (const deeper of variants(inner, hostile)) yield replace(deeper)
  }
}
