import { sql } from 'kysely'
import { type Migration, mentions, ownedBy, required } from '../columns.ts'

/** What is backed up when, and every time that it was. */
export const plansMigration: Migration = {
  name: '0004-plans',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('plans'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('name', 'text', required)
      .addColumn('is_enabled', 'integer', required)
      .addColumn('definition', 'text', required)
      .addColumn('next_run_at', columns.number)
      .addColumn('overdue_at', columns.number)
      .addColumn('is_overdue', 'integer', required)
      .addColumn('created_at', columns.number, required)
      .execute()
    await schema.createIndex('plans_next_run').on('plans').column('next_run_at').execute()
    await columns
      .id(schema.createTable('runs'))
      .addColumn('kind', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('client_id', 'integer', mentions('clients'))
      .addColumn('plan_id', 'integer', mentions('plans'))
      .addColumn('repository_id', 'integer', mentions('repositories'))
      .addColumn('request', 'text', required)
      .addColumn('trigger', 'text', required)
      .addColumn('retry_of', 'integer')
      .addColumn('attempt', 'integer', required)
      .addColumn('claim_count', 'integer', required)
      .addColumn('not_before', columns.number)
      .addColumn('not_after', columns.number)
      .addColumn('changed_at', columns.number, required)
      .addColumn('created_at', columns.number, required)
      .addColumn('started_at', columns.number)
      .addColumn('finished_at', columns.number)
      .addColumn('lease_holder', 'text')
      .addColumn('lease_expires_at', columns.number)
      .addColumn('cancel_requested_at', columns.number)
      .addColumn('log_bytes', columns.number, required)
      .addColumn('snapshot_id', 'text')
      .addColumn('progress', 'text')
      .addColumn('statistics', 'text')
      .addColumn('error', 'text')
      .execute()
    await schema.createIndex('runs_state').on('runs').columns(['state', 'client_id']).execute()
    await schema.createIndex('runs_plan').on('runs').columns(['plan_id', 'id']).execute()
    await schema.createIndex('runs_client').on('runs').columns(['client_id', 'id']).execute()
    await schema.createIndex('runs_repository').on('runs').columns(['repository_id', 'id']).execute()
    await schema.createIndex('runs_changed').on('runs').column('changed_at').execute()
    // What holds even when two servers hand out runs at the same moment: a client does one thing at a time.
    await schema.createIndex('runs_one_a_client').on('runs').column('client_id').unique().where(sql<boolean>`state = 'running'`).execute()
    await columns
      .id(schema.createTable('run_logs'))
      .addColumn('run_id', 'integer', ownedBy('runs'))
      .addColumn('at', columns.number, required)
      .addColumn('level', 'text', required)
      .addColumn('message', 'text', required)
      .execute()
    await schema.createIndex('run_logs_run').on('run_logs').columns(['run_id', 'id']).execute()
  },
}
