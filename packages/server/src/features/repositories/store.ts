import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { RepositoryRow } from './tables.ts'

export type StoredRepository = Selectable<RepositoryRow>

/** Where the server keeps what it knows of repositories. */
export class RepositoryStore {
  readonly #queries: Database['queries']

  constructor(queries: Database['queries']) {
    this.#queries = queries
  }

  async list(): Promise<StoredRepository[]> {
    return this.#queries.selectFrom('repositories').selectAll().orderBy('id').execute()
  }

  async find(
    by: { readonly id: number } | { readonly name: string } | { readonly configId: string } | { readonly isDefault: true },
  ): Promise<StoredRepository | undefined> {
    const query = this.#queries.selectFrom('repositories').selectAll()
    if ('id' in by) return query.where('id', '=', by.id).executeTakeFirst()
    if ('name' in by) return query.where('name', '=', by.name).executeTakeFirst()
    if ('configId' in by) return query.where('config_id', '=', by.configId).executeTakeFirst()
    return query.where('is_default', '=', 1).executeTakeFirst()
  }

  /** Adds a repository; undefined when the name is taken, or the repository is there already. */
  async add(repository: Insertable<RepositoryRow>): Promise<StoredRepository | undefined> {
    return this.#queries.transaction().execute(async (transaction) => {
      const added = await transaction
        .insertInto('repositories')
        .values(repository)
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst()
      if (added !== undefined && added.is_default === 1) {
        await transaction.updateTable('repositories').set({ is_default: 0 }).where('id', '<>', added.id).execute()
      }
      return added
    })
  }

  async change(id: number, changes: Updateable<RepositoryRow>): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      if (changes.is_default === 1) await transaction.updateTable('repositories').set({ is_default: 0 }).execute()
      await transaction.updateTable('repositories').set(changes).where('id', '=', id).execute()
    })
  }

  async keepKey(id: number, sealedKey: string): Promise<void> {
    await this.#queries.updateTable('repositories').set({ sealed_key: sealedKey }).where('id', '=', id).execute()
  }

  /** Notes which repository it is, unless there is a line of the same one. */
  async keepConfigId(id: number, configId: string): Promise<void> {
    await this.#queries
      .updateTable('repositories')
      .set({ config_id: configId })
      .where('id', '=', id)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('repositories as other').select('other.id').where('other.config_id', '=', configId))),
      )
      .execute()
  }

  async remove(id: number): Promise<void> {
    await this.#queries.deleteFrom('repositories').where('id', '=', id).execute()
  }

  /** Makes indexes that were read before count as out of date, in all processes. */
  async raiseGeneration(id: number): Promise<void> {
    await this.#queries
      .updateTable('repositories')
      .set((row) => ({ generation: row('generation', '+', 1) }))
      .where('id', '=', id)
      .execute()
  }

  async countPlans(id: number): Promise<number> {
    const { count } = await this.#queries
      .selectFrom('plans')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('repository_id', '=', id)
      .executeTakeFirstOrThrow()
    return Number(count)
  }
}
