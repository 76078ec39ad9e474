import type { Migration } from '../columns.ts'

/** What the owners of machines allow, as their agents say. */
export const machinePoliciesMigration: Migration = {
  name: '0020-machine-policies',
  async up(schema) {
    await schema.alterTable('clients').addColumn('policy', 'text').execute()
  },
}
