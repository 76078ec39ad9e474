import { systemClock } from '@holdfast/engine'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { allDatabases } from '../testing/test-server.ts'
import { type Migration, required } from './columns.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { allMigrations } from './migrations/index.ts'

const broken: Migration = {
  name: '9999-broken',
  async up(schema, _, database) {
    await schema.alterTable('users').addColumn('nickname', 'text').execute()
    await sql`insert into users (no_such_column) values (1)`.execute(database)
  },
}

for (const databases of allDatabases()) {
  describe(`migrations on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    async function open(): Promise<Database> {
      return openDatabase((await databases.create()) ?? 'sqlite::memory:')
    }

    it('bring an older database up to date, with its rows', async () => {
      const database = await open()
      const clock = systemClock
      const [first, ...rest] = allMigrations()
      if (first === undefined) expect.fail('there are no migrations')
      expect(await migrate(database, { clock, migrations: [first] })).toEqual([first.name])
      const user = { username: 'old', role: 'admin', is_disabled: 0, created_at: 1 } as const
      await sql`insert into users (username, role, is_disabled, created_at) values (${user.username}, ${user.role}, 0, 1)`.execute(
        database.queries,
      )
      expect(await migrate(database, { clock })).toEqual(rest.map(({ name }) => name))
      expect(await migrate(database, { clock })).toEqual([])
      expect(await database.queries.selectFrom('users').selectAll().execute()).toMatchObject([user])
      await database.close()
    })

    it('leave a database as it was when a step fails', async () => {
      const database = await open()
      const [first] = allMigrations()
      if (first === undefined) expect.fail('there are no migrations')
      await migrate(database, { clock: systemClock, migrations: [first] })
      const good: Migration = {
        name: '0002-good',
        up: (schema) => schema.createTable('passing').addColumn('word', 'text', required).execute(),
      }
      const failed = migrate(database, { clock: systemClock, migrations: [first, good, broken] })
      await expect(failed).rejects.toMatchObject({ code: 'database.schema', message: expect.stringContaining('9999-broken') })
      const tables = (await database.queries.introspection.getTables()).map(({ name }) => name)
      expect(tables).toContain('users')
      expect(tables).not.toContain('passing')
      const columns = (await database.queries.introspection.getTables()).find(({ name }) => name === 'users')?.columns
      expect(columns?.map(({ name }) => name)).not.toContain('nickname')
      expect(await database.queries.selectFrom('schema_migrations').select('name').execute()).toEqual([{ name: first.name }])
      await database.close()
    })

    it('refuse a database of a newer version', async () => {
      const database = await open()
      const [first] = allMigrations()
      if (first === undefined) expect.fail('there are no migrations')
      const later: Migration = { name: '0002-later', up: async () => undefined }
      await migrate(database, { clock: systemClock, migrations: [first, later] })
      const failed = migrate(database, { clock: systemClock, migrations: [first] })
      await expect(failed).rejects.toMatchObject({ code: 'database.schema', message: expect.stringContaining('0002-later') })
      await database.close()
    })
  })
}
