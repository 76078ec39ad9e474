import { sql } from 'kysely'
import { type Migration, ownedBy, required } from '../columns.ts'

/** Which blobs each client has sent, or shown that it has. */
export const uploadsMigration: Migration = {
  name: '0006-uploads',
  async up(schema, columns) {
    const table = schema
      .createTable('client_blobs')
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('blob', columns.bytes, required)
      .addPrimaryKeyConstraint('client_blobs_key', ['repository_id', 'client_id', 'blob'])
    // The key is the whole row: SQLite need not keep it twice.
    await (columns.bytes === 'blob' ? table.modifyEnd(sql`without rowid`) : table).execute()
    await schema
      .createTable('upload_indexes')
      .addColumn('repository_id', 'integer', (column) => column.primaryKey().references('repositories.id').onDelete('cascade'))
      .addColumn('index_ids', columns.bytes, required)
      .execute()
  },
}
