import { type Selectable, sql } from 'kysely'
import type { Queries } from '../../db/database.ts'
import type { FailureCounts } from './sign-in-throttle.ts'
import type { FailedAttemptsRow } from './tables.ts'

/** Where failed attempts are counted. */
export class FailureStore implements FailureCounts {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async count(keys: readonly string[], now: number): Promise<Selectable<FailedAttemptsRow>[]> {
    return this.#queries.selectFrom('failed_attempts').selectAll().where('key', 'in', keys).where('forgotten_at', '>', now).execute()
  }

  async add(key: string, { now, until }: { readonly now: number; readonly until: number }): Promise<number> {
    const isForgotten = sql<boolean>`failed_attempts.forgotten_at <= ${now}`
    const { count } = await this.#queries
      .insertInto('failed_attempts')
      .values({ key, count: 1, forgotten_at: until })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          count: sql`case when ${isForgotten} then 1 else failed_attempts.count + 1 end`,
          forgotten_at: sql`case when ${isForgotten} then excluded.forgotten_at else failed_attempts.forgotten_at end`,
        }),
      )
      .returning('count')
      .executeTakeFirstOrThrow()
    return count
  }

  async forget(key: string): Promise<void> {
    await this.#queries.deleteFrom('failed_attempts').where('key', '=', key).execute()
  }

  /** Removes counts that are forgotten at `now`. */
  async removeForgotten(now: number): Promise<void> {
    await this.#queries.deleteFrom('failed_attempts').where('forgotten_at', '<=', now).execute()
  }
}
