import { sql } from 'kysely'
import type { Migration } from '../columns.ts'

/** Which packs were damaged was not kept: only a check that reads all can say that none is. */
const READ_ALL = JSON.stringify({ kind: 'check', dryRun: false, readAll: true })

/** What a check found, until one has found it mended. Before, the next check that read other data took it for mended. */
export const damageFoundMigration: Migration = {
  name: '0023-damage-found',
  async up(schema, _columns, database) {
    await schema.alterTable('repository_tasks').addColumn('damage', 'text').execute()
    const { rows } = await sql<{ readonly repository_id: number; readonly run_id: number; readonly error: string }>`
      select repository_id, run_id, error from repository_tasks
      where kind = 'check' and run_id is not null and error like 'The repository is damaged:%'`.execute(database)
    for (const { repository_id, run_id, error } of rows) {
      const damage = JSON.stringify({ runId: run_id, message: error, packs: [] })
      await sql`
        update repository_tasks set damage = ${damage}, request = coalesce(request, ${READ_ALL})
        where repository_id = ${repository_id} and kind = 'check'`.execute(database)
    }
    // Who cancelled a check or a prune was told that it had failed.
    await sql`update repository_tasks set error = null where error = 'Cancelled'`.execute(database)
  },
}
