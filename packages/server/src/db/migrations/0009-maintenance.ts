import { type Migration, ownedBy, required } from '../columns.ts'

/** What the server does for its repositories by itself. */
export const maintenanceMigration: Migration = {
  name: '0009-maintenance',
  async up(schema, columns) {
    await schema
      .alterTable('repositories')
      .addColumn('generation', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await schema
      .createTable('repository_tasks')
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('kind', 'text', required)
      .addColumn('due_at', columns.number)
      .addColumn('not_before', columns.number)
      .addColumn('request', 'text')
      .addColumn('started_at', columns.number)
      .addColumn('succeeded_at', columns.number)
      .addColumn('error', 'text')
      .addColumn('run_id', 'integer')
      .addColumn('memory', 'text')
      .addPrimaryKeyConstraint('repository_tasks_key', ['repository_id', 'kind'])
      .execute()
  },
}
