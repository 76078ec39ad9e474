import { systemClock } from '@holdfast/engine'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { allDatabases } from '../testing/test-server.ts'
import { type Migration, required } from './columns.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { overviewMigration } from './migrations/0012-overview.ts'
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

    it('take over what runs and plans have come to', async () => {
      const database = await open()
      const all = allMigrations()
      await migrate(database, { clock: systemClock, migrations: all.slice(0, all.indexOf(overviewMigration)) })
      const run = (values: string) =>
        sql`insert into runs (kind, state, plan_id, request, trigger, attempt, claim_count, changed_at, created_at, log_bytes, finished_at,
          statistics, error) values ('backup', ${sql.raw(values)})`
      const steps = [
        sql`insert into users (id, username, role, is_disabled, created_at) values (1, 'ann', 'admin', 0, 1)`,
        sql`insert into repositories (id, name, kind, location, sealed_credentials, sealed_password, is_default, maintenance, created_at)
          values (1, 'main', 'local', '/x', '', '', 1, '{}', 1)`,
        sql`insert into clients (id, name, owner_id, is_local, is_disabled, settings, created_at)
          values (1, 'pc', 1, 0, 0, '{"overdueAfterHours":2}', 1), (2, 'nas', 1, 0, 0, '{}', 1)`,
        sql`insert into plans (id, client_id, repository_id, name, is_enabled, definition, is_overdue, created_at)
          values (1, 1, 1, 'a', 1, '{}', 0, 1), (2, 1, 1, 'b', 1, '{}', 0, 1)`,
        run(`'finished', 1, '{}', 'manual', 1, 1, 1, 1, 0, 5, '{"addedBytes":1e300}', null`),
        run(`'error', 1, '{}', 'manual', 1, 1, 1, 1, 0, 6, '{}', '{"code":"run.failed","message":""}'`),
        run(`'error', 2, '{}', 'manual', 1, 1, 1, 1, 0, 7, null, null`),
        run(`'finished', 2, '{}', 'manual', 1, 1, 1, 1, 0, 8, '{"addedBytes":12,"errorCount":2}', null`),
        sql`insert into repository_tasks (repository_id, kind, error, run_id)
          values (1, 'check', 'The repository is damaged: 1 errors', 7), (1, 'maintenance', 'Cancelled', 8)`,
        run(`'cancelled', 2, '{}', 'manual', 1, 1, 1, 1, 0, 9, null, '{"code":"run.missed","message":""}'`),
      ]
      for (const step of steps) await step.execute(database.queries)
      await migrate(database, { clock: systemClock })
      const { queries } = database
      const clients = await queries.selectFrom('clients').select(['id', 'overdue_after_ms']).orderBy('id').execute()
      expect(clients.map((client) => client.overdue_after_ms)).toEqual([7_200_000, null])
      const runs = await queries.selectFrom('runs').select(['added_bytes', 'is_missed']).orderBy('id').execute()
      expect(runs.map((row) => [row.added_bytes, row.is_missed])).toEqual([
        [2 ** 50, 0],
        [null, 0],
        [null, 0],
        [12, 0],
        [null, 1],
      ])
      const plans = await queries.selectFrom('plans').select(['failed_run_id', 'failed_since', 'incomplete_run_id']).orderBy('id').execute()
      expect(plans).toEqual([
        { failed_run_id: 2, failed_since: 6, incomplete_run_id: null },
        { failed_run_id: null, failed_since: null, incomplete_run_id: 4 },
      ])
      const tasks = await queries.selectFrom('repository_tasks').select(['kind', 'error', 'damage', 'request']).orderBy('kind').execute()
      expect(tasks).toEqual([
        {
          kind: 'check',
          error: expect.stringContaining('damaged'),
          damage: expect.stringContaining('"runId":7'),
          request: expect.stringContaining('"readAll":true'),
        },
        { kind: 'maintenance', error: null, damage: null, request: null },
      ])
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
