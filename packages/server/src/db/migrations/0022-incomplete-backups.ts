import { type Kysely, sql } from 'kysely'
import type { Migration } from '../columns.ts'

const PLANS_AT_ONCE = 1000

/** Of which plans the last backup could not read everything. */
export const incompleteBackupsMigration: Migration = {
  name: '0022-incomplete-backups',
  async up(schema, _columns, database) {
    await schema.alterTable('plans').addColumn('incomplete_run_id', 'integer').execute()
    await fillPlans(database)
  },
}

async function fillPlans(database: Kysely<unknown>): Promise<void> {
  for (let after = 0; ; ) {
    const { rows } = await sql<{ readonly id: number; readonly run_id: number | null; readonly statistics: string | null }>`
      select plans.id, runs.id as run_id, runs.statistics from plans
      left join runs on runs.state = 'finished' and runs.id = (
        select max(ended.id) from runs as ended
        where ended.plan_id = plans.id and ended.kind = 'backup' and ended.state in ('finished', 'error')
      )
      where plans.id > ${after} order by plans.id limit ${PLANS_AT_ONCE}`.execute(database)
    for (const { id, run_id, statistics } of rows) {
      const { errorCount = 0 } = JSON.parse(statistics ?? '{}') as { readonly errorCount?: number }
      if (errorCount > 0) await sql`update plans set incomplete_run_id = ${run_id} where id = ${id}`.execute(database)
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.id
  }
}
