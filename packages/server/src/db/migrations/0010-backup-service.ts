import { type Migration, ownedBy, required } from '../columns.ts'

/** What clients of the Backup Service know: files with their versions, listings, and what its tasks have beside plans. */
export const backupServiceMigration: Migration = {
  name: '0010-backup-service',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('service_files'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('path', 'text', required)
      .addColumn('uploaded_at', columns.number, required)
      .addColumn('size_bytes', columns.number, required)
      .addColumn('file_hash', 'text', required)
      .addColumn('retention_days', 'integer')
      .addColumn('retention_versions', 'integer')
      .addColumn('spool_path', 'text')
      .addColumn('repository_id', 'integer')
      .addColumn('snapshot_id', 'text')
      .execute()
    await schema.createIndex('service_files_of_client').on('service_files').columns(['client_id', 'path', 'uploaded_at']).execute()
    await schema.createIndex('service_files_of_snapshot').on('service_files').columns(['snapshot_id']).execute()
    await columns
      .id(schema.createTable('service_listings'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('path', 'text', required)
      .addColumn('is_dir', 'integer', required)
      .execute()
    await schema.createIndex('service_listings_of_client').on('service_listings').columns(['client_id']).execute()
    await schema
      .createTable('service_tasks')
      .addColumn('plan_id', 'integer', (column) => column.primaryKey().references('plans.id').onDelete('cascade'))
      .addColumn('frequency_minutes', 'integer', required)
      .addColumn('compress', 'integer', required)
      .execute()
  },
}
