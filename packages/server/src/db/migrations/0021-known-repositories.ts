import type { Migration } from '../columns.ts'

/** Which repository each is, wherever it is reached from. */
export const knownRepositoriesMigration: Migration = {
  name: '0021-known-repositories',
  async up(schema) {
    await schema.alterTable('repositories').addColumn('config_id', 'text').execute()
    await schema.createIndex('repositories_config').on('repositories').column('config_id').unique().execute()
  },
}
