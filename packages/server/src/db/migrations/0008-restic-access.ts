import { type Migration, ownedBy, required } from '../columns.ts'

/** Clients that reach repositories by restic's own protocol, and what they have brought. */
export const resticAccessMigration: Migration = {
  name: '0008-restic-access',
  async up(schema, columns) {
    await schema
      .alterTable('repositories')
      .addColumn('has_key', 'integer', (column) => column.notNull().defaultTo(1))
      .execute()
    await schema
      .createTable('restic_passwords')
      .addColumn('client_id', 'integer', (column) => column.primaryKey().references('clients.id').onDelete('cascade'))
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('created_at', columns.number, required)
      .execute()
    await columns
      .id(schema.createTable('restic_access'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('is_full', 'integer', required)
      .addColumn('quota_bytes', columns.number)
      .addColumn('used_bytes', columns.number, required)
      .addColumn('created_at', columns.number, required)
      .addUniqueConstraint('restic_access_pair', ['client_id', 'repository_id'])
      .execute()
    await schema
      .createTable('restic_files')
      .addColumn('access_id', 'integer', ownedBy('restic_access'))
      .addColumn('kind', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('size_bytes', columns.number, required)
      .addColumn('created_at', columns.number, required)
      .addPrimaryKeyConstraint('restic_files_key', ['access_id', 'kind', 'name'])
      .execute()
    await schema
      .createTable('restic_arrivals')
      .addColumn('access_id', 'integer', ownedBy('restic_access'))
      .addColumn('snapshot_id', 'text', required)
      .addColumn('created_at', columns.number, required)
      .addPrimaryKeyConstraint('restic_arrivals_key', ['access_id', 'snapshot_id'])
      .execute()
  },
}
