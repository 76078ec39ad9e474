import type { Migration } from '../columns.ts'

/** Keys of repositories that were opened before, so that opening them again takes a moment. */
export const knownKeysMigration: Migration = {
  name: '0016-known-keys',
  async up(schema) {
    await schema.alterTable('repositories').addColumn('sealed_key', 'text').execute()
  },
}
