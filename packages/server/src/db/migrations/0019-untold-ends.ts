import { sql } from 'kysely'
import type { Migration } from '../columns.ts'

/** Ends of runs that nobody may have been told of yet, as the process that ended them died. */
export const untoldEndsMigration: Migration = {
  name: '0019-untold-ends',
  async up(schema, columns) {
    await schema.alterTable('runs').addColumn('tell_at', columns.number).execute()
    await schema.createIndex('runs_untold').on('runs').column('tell_at').where(sql.ref('tell_at'), 'is not', null).execute()
  },
}
