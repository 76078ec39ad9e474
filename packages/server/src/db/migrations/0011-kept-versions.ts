import { sql } from 'kysely'
import { type Migration, ownedBy, required } from '../columns.ts'

/**
 * Uploaded files name the snapshot that has them by its row in the register, which stays when the repository's name of it changes. What
 * the repository has not got any more is no version that could be given back.
 */
export const keptVersionsMigration: Migration = {
  name: '0011-kept-versions',
  async up(schema, columns, database) {
    await schema
      .alterTable('service_files')
      .addColumn('register_id', 'integer', (column) => column.references('snapshots.id').onDelete('cascade'))
      .execute()
    await sql`update service_files set register_id = (
      select id from snapshots where repository_id = service_files.repository_id and snapshot_id = service_files.snapshot_id
    )`.execute(database)
    await sql`delete from service_files where register_id is null and spool_path is null`.execute(database)
    await schema.dropIndex('service_files_of_snapshot').execute()
    await schema.alterTable('service_files').dropColumn('repository_id').execute()
    await schema.alterTable('service_files').dropColumn('snapshot_id').execute()
    await schema.createIndex('service_files_of_register').on('service_files').columns(['register_id']).execute()
    await columns
      .id(schema.createTable('service_leftovers'))
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('snapshot_id', 'text', required)
      .addColumn('noted_at', columns.number, required)
      .addColumn('is_going', 'integer', required)
      .execute()
  },
}
