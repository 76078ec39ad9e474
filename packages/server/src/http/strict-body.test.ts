import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { TestServer } from '../testing/test-server.ts'
import { strictlyOf } from './strict-body.ts'

const inner = z.object({ count: z.int().min(1).optional() })

describe('a strict schema', () => {
  test.each([
    ['an object', inner],
    ['an optional one', inner.optional()],
    ['one that may be null', inner.nullable()],
    ['one with a default', inner.default({})],
    ['one with a default that is read', inner.prefault({})],
    ['one that is read only', inner.readonly()],
    ['a choice', z.union([z.string(), inner])],
    ['what is transformed', inner.transform(({ count }) => count)],
  ])('knows the fields of %s, and no others', (_name, schema) => {
    const strict = strictlyOf(z.object({ part: schema, parts: z.array(schema) }))
    const taken = (part: unknown): boolean => z.core.safeParse(strict, { part, parts: [part] }).success
    expect([taken({ count: 2 }), taken({ count: 0 }), taken({ count: 2, cuont: 3 })]).toEqual([true, false, false])
  })

  test('leaves open what is open, and tells kinds apart', () => {
    const kinds = z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), one: z.int() }), z.object({ kind: z.literal('b') })])
    const taken = (schema: z.ZodType, value: unknown): boolean => z.core.safeParse(strictlyOf(schema), value).success
    expect([taken(kinds, { kind: 'a', one: 1 }), taken(kinds, { kind: 'b' }), taken(kinds, { kind: 'b', one: 1 })]).toEqual([
      true,
      true,
      false,
    ])
    expect(taken(z.looseObject({ one: z.int() }), { one: 1, two: 2 })).toBe(true)
    expect(taken(z.record(z.string(), z.int()), { any: 1 })).toBe(true)
  })
})

describe('what people send', () => {
  test('has no fields that are without effect, at any depth; agents may say more', async () => {
    await using server = await TestServer.start()
    await server.addUser('ann', 'admin')
    const unknownOf = async (route: string, body: object): Promise<unknown> => {
      const { statusCode, body: text } = await server.request(route, { as: 'ann', body })
      return [statusCode, (JSON.parse(text) as { fields?: { path: string }[] }).fields?.map(({ path }) => path)]
    }
    expect(await unknownOf('PATCH /api/v1/me', { retention: { keepDaily: 7 } })).toEqual([422, ['/retention/keepDaily']])
    const settings = { retention: { daily: 7 }, limits: { uploadKiB: 3, blackouts: [] }, hooks: { before: [] }, qouta: 1 }
    expect(await unknownOf('POST /api/v1/clients', { name: 'desk', settings, colour: 1 })).toEqual([
      422,
      ['/settings/hooks/before', '/settings/limits/uploadKiB', '/settings/qouta', '/colour'],
    ])
    const { id } = (await server.request('POST /api/v1/clients', { as: 'ann', body: { name: 'desk' } })).json()
    const plan = {
      ...{ name: 'daily', selection: { paths: ['/home'], exclude: ['*.tmp'] }, schedule: { cron: null, timezone: 'UTC' } },
      hooks: { pre: [{ line: 'true', timeout: 3 }] },
    }
    const paths = ['/selection/exclude', '/schedule/timezone', '/hooks/pre/0/timeout']
    expect(await unknownOf(`POST /api/v1/clients/${id}/plans`, plan)).toEqual([422, paths])
    const repository = { name: 'cloud', location: 's3:https://host/b', mode: 'create', credentials: { accessKey: 'a' } }
    expect(await unknownOf('POST /api/v1/repositories', repository)).toEqual([422, ['/credentials/accessKey']])
    const refused = await server.request('PATCH /api/v1/me', { as: 'ann', body: { retention: { keepDaily: 7 } } })
    expect(refused.json().detail).toBe('Cannot take the request: retention/keepDaily is no field that the server knows')
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`${'long'.repeat(100)}${index}`, 1]))
    expect((await server.request('PATCH /api/v1/me', { as: 'ann', body: { retention: many } })).body.length).toBeLessThan(10_000)
    const machine = { hostname: 'desk', platform: 'linux', version: '9.9.9', colour: 'red' }
    expect((await server.request('POST /agent/v1/enrol', { body: { code: 'none', machine } })).statusCode).toBe(401)
  })
})
