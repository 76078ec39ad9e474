import { type Migration, ownedBy, required } from '../columns.ts'

/** Where messages go, and those that are still to be delivered. */
export const notificationsMigration: Migration = {
  name: '0005-notifications',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('channels'))
      .addColumn('owner_id', 'integer', ownedBy('users'))
      .addColumn('name', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('is_enabled', 'integer', required)
      .addColumn('events', 'text', required)
      .addColumn('summary', 'text')
      .addColumn('next_summary_at', columns.number)
      .addColumn('sealed_config', 'text', required)
      .addColumn('created_at', columns.number, required)
      .addColumn('last_sent_at', columns.number)
      .addColumn('last_error', 'text')
      .execute()
    await columns
      .id(schema.createTable('deliveries'))
      .addColumn('channel_id', 'integer', ownedBy('channels'))
      .addColumn('message', 'text', required)
      .addColumn('attempts', 'integer', required)
      .addColumn('next_attempt_at', columns.number, required)
      .addColumn('created_at', columns.number, required)
      .execute()
    await schema.createIndex('deliveries_due').on('deliveries').column('next_attempt_at').execute()
    // Which plans and clients were last told of as failed or overdue, so that each change is told once.
    await schema
      .createTable('alarms')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('since', columns.number, required)
      .execute()
  },
}
