import { type Migration, ownedBy, required } from '../columns.ts'

/** What uploads of clients with a quota take up before they are snapshots. */
export const uploadRoomMigration: Migration = {
  name: '0017-upload-room',
  async up(schema, columns) {
    await schema
      .createTable('upload_room')
      .addColumn('upload_id', 'text', (column) => column.primaryKey())
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('repository_id', 'integer', ownedBy('repositories'))
      .addColumn('reserved_bytes', columns.number, required)
      .addColumn('sent_bytes', columns.number, required)
      .addColumn('is_ended', 'integer', required)
      .addColumn('changed_at', columns.number, required)
      .execute()
    await schema.createIndex('upload_room_client').on('upload_room').column('client_id').execute()
  },
}
