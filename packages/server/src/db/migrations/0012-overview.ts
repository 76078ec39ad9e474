import { type Kysely, sql } from 'kysely'
import { type Migration, ownedBy, required } from '../columns.ts'

const ROWS_AT_ONCE = 1000
const HOUR_MS = 3_600_000
const ADDED_BYTES_MAX = 2 ** 50

/** What shows at a glance how everything is: figures by which rows are found and summed, and what repositories held day by day. */
export const overviewMigration: Migration = {
  name: '0012-overview',
  async up(schema, columns, database) {
    await schema.alterTable('clients').addColumn('overdue_after_ms', columns.number).execute()
    await schema.alterTable('plans').addColumn('failed_run_id', 'integer').execute()
    await schema.alterTable('plans').addColumn('failed_since', columns.number).execute()
    await schema.alterTable('runs').addColumn('added_bytes', columns.number).execute()
    await schema
      .alterTable('runs')
      .addColumn('is_missed', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await schema
      .createTable('repository_history')
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('day', 'text', required)
      .addColumn('counted_at', columns.number, required)
      .addColumn('snapshot_count', columns.number, required)
      .addColumn('stored_bytes', columns.number, required)
      .addColumn('content_bytes', columns.number, required)
      .addColumn('restore_bytes', columns.number, required)
      .addColumn('free_bytes', columns.number)
      .addPrimaryKeyConstraint('repository_history_key', ['repository_id', 'day'])
      .execute()
    await fillClients(database)
    await fillRuns(database)
    await fillPlans(database)
    await schema.createIndex('plans_client').on('plans').column('client_id').execute()
    await schema.createIndex('clients_name').on('clients').expression(sql`lower(name), id`).execute()
    await schema.createIndex('runs_ended').on('runs').columns(['client_id', 'kind', 'finished_at']).execute()
    // Holds all that the calendar asks for, so that it needs no rows.
    const calendar = ['kind', 'created_at', 'state', 'client_id', 'is_missed', 'added_bytes']
    await schema.createIndex('runs_calendar').on('runs').columns(calendar).execute()
  },
}

async function fillClients(database: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ readonly id: number; readonly settings: string }>`select id, settings from clients`.execute(database)
  for (const { id, settings } of rows) {
    const { overdueAfterHours } = JSON.parse(settings) as { readonly overdueAfterHours?: number | null }
    if (overdueAfterHours == null) continue
    await sql`update clients set overdue_after_ms = ${overdueAfterHours * HOUR_MS} where id = ${id}`.execute(database)
  }
}

async function fillRuns(database: Kysely<unknown>): Promise<void> {
  for (let after = 0; ; ) {
    const { rows } = await sql<{ readonly id: number; readonly statistics: string | null; readonly error: string | null }>`
      select id, statistics, error from runs where id > ${after} order by id limit ${ROWS_AT_ONCE}`.execute(database)
    for (const { id, statistics, error } of rows) {
      const { addedBytes = null } = JSON.parse(statistics ?? '{}') as { readonly addedBytes?: number | null }
      const { code } = JSON.parse(error ?? '{}') as { readonly code?: string }
      const isMissed = code === 'run.missed' ? 1 : 0
      if (addedBytes === null && isMissed === 0) continue
      const bytes = addedBytes === null ? null : Math.min(Math.round(addedBytes), ADDED_BYTES_MAX)
      await sql`update runs set added_bytes = ${bytes}, is_missed = ${isMissed} where id = ${id}`.execute(database)
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.id
  }
}

async function fillPlans(database: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ readonly plan_id: number; readonly run_id: number; readonly finished_at: number | null }>`
    select runs.plan_id, runs.id as run_id, runs.finished_at from runs
    where runs.state = 'error' and runs.id in (
      select max(id) from runs where kind = 'backup' and state in ('finished', 'error') and plan_id is not null group by plan_id
    )`.execute(database)
  for (const { plan_id, run_id, finished_at } of rows) {
    await sql`update plans set failed_run_id = ${run_id}, failed_since = ${finished_at} where id = ${plan_id}`.execute(database)
  }
}
