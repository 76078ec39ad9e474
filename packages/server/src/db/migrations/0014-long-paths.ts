import type { Migration } from '../columns.ts'

/** Paths of uploaded files may be longer than what an index of PostgreSQL takes. */
export const longPathsMigration: Migration = {
  name: '0014-long-paths',
  async up(schema) {
    await schema.dropIndex('service_files_of_client').execute()
    await schema.createIndex('service_files_of_client').on('service_files').columns(['client_id', 'uploaded_at']).execute()
  },
}
