import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TestServer } from '../../testing/test-server.ts'

type Field = Readonly<Record<string, unknown>>

for (const databases of allDatabases()) {
  describe(`kinds of sources on ${databases.name}`, () => {
    let server: TestServer
    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      await server.addUser('ann', 'viewer')
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('come with schemas that say all that a form shows, in every language', async () => {
      const response = await server.request('GET /api/v1/sources', { as: 'ann' })
      expect(response.statusCode).toBe(200)
      const kinds = response.json() as readonly { kind: string; planField: string; schema: { properties: Record<string, Field> } }[]
      expect(kinds.map(({ kind, planField }) => [kind, planField])).toEqual([['files', 'selection']])
      for (const { schema } of kinds) {
        for (const [name, field] of Object.entries(schema.properties)) {
          expect([name, field]).toMatchObject([name, { title: expect.stringMatching(/./), 'x-ja': { title: expect.stringMatching(/./) } }])
          expect([name, 'description' in (field['x-ja'] as Field)]).toEqual([name, 'description' in field])
        }
      }
      expect(kinds[0]?.schema).toMatchObject({
        required: ['paths'],
        properties: {
          paths: { type: 'array', minItems: 1, 'x-control': 'folders', items: { type: 'string', format: 'path' } },
          excludes: { default: [] },
          oneFileSystem: { type: 'boolean', default: false },
          excludeLargerThanBytes: { type: 'integer', minimum: 1 },
        },
      })
    })
  })
}
