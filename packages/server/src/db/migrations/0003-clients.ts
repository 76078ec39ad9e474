import { type Migration, mentions, ownedBy, required } from '../columns.ts'

/** Machines that are backed up, how they come in, what they say, and which snapshots are theirs. */
export const clientsMigration: Migration = {
  name: '0003-clients',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('clients'))
      .addColumn('name', 'text', required)
      .addColumn('owner_id', 'integer', ownedBy('users'))
      .addColumn('token_hash', 'text', (column) => column.unique())
      .addColumn('is_local', 'integer', required)
      .addColumn('is_disabled', 'integer', required)
      .addColumn('hostname', 'text')
      .addColumn('platform', 'text')
      .addColumn('version', 'text')
      .addColumn('settings', 'text', required)
      .addColumn('created_at', columns.number, required)
      .addColumn('last_ping_at', columns.number)
      .addColumn('last_backup_at', columns.number)
      .execute()
    await schema.createIndex('clients_owner').on('clients').column('owner_id').execute()
    await columns
      .id(schema.createTable('enrolment_codes'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('code_hash', 'text', (column) => column.notNull().unique())
      .addColumn('created_at', columns.number, required)
      .addColumn('expires_at', columns.number, required)
      .execute()
    await columns
      .id(schema.createTable('client_logs'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('run_id', 'integer')
      .addColumn('at', columns.number, required)
      .addColumn('level', 'text', required)
      .addColumn('message', 'text', required)
      .execute()
    await schema.createIndex('client_logs_at').on('client_logs').columns(['client_id', 'id']).execute()
    await columns
      .id(schema.createTable('snapshots'))
      .addColumn('snapshot_id', 'text', required)
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('client_id', 'integer', mentions('clients'))
      .addColumn('plan_id', 'integer')
      .addColumn('run_id', 'integer')
      .addColumn('time', columns.number, required)
      .addColumn('tree_id', 'text', required)
      .addColumn('hostname', 'text', required)
      .addColumn('paths', 'text', required)
      .addColumn('tags', 'text', required)
      .addColumn('is_pinned', 'integer', required)
      .addColumn('size_bytes', columns.number)
      .addColumn('file_count', columns.number)
      .addColumn('added_bytes', columns.number)
      .execute()
    await schema.createIndex('snapshots_id').on('snapshots').columns(['repository_id', 'snapshot_id']).unique().execute()
    await schema.createIndex('snapshots_client').on('snapshots').columns(['client_id', 'time']).execute()
  },
}
