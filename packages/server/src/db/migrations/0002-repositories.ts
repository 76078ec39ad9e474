import { type Migration, required } from '../columns.ts'

/** Where repositories are, who writes to them, and what is known of their snapshots. */
export const repositoriesMigration: Migration = {
  name: '0002-repositories',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('repositories'))
      .addColumn('name', 'text', (column) => column.notNull().unique())
      .addColumn('kind', 'text', required)
      .addColumn('location', 'text', required)
      .addColumn('sealed_credentials', 'text', required)
      .addColumn('sealed_password', 'text', required)
      .addColumn('is_default', 'integer', required)
      .addColumn('maintenance', 'text', required)
      .addColumn('statistics', 'text')
      .addColumn('created_at', columns.number, required)
      .execute()
    await schema
      .createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', required)
      .addColumn('expires_at', columns.number, required)
      .execute()
  },
}
