import type { Migration } from '../columns.ts'

/** Snapshots that are being forgotten can no longer be pinned. */
export const leavingSnapshotsMigration: Migration = {
  name: '0018-leaving-snapshots',
  async up(schema) {
    await schema
      .alterTable('snapshots')
      .addColumn('is_leaving', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
