import type { Queries } from '../../db/database.ts'

/** What there is on a server that is being set up. */
export class SetupStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async hasClient(): Promise<boolean> {
    return (await this.#queries.selectFrom('clients').select('id').limit(1).executeTakeFirst()) !== undefined
  }

  async hasFinishedBackup(): Promise<boolean> {
    const finished = this.#queries.selectFrom('runs').select('id').where('kind', '=', 'backup').where('state', '=', 'finished')
    return (await finished.limit(1).executeTakeFirst()) !== undefined
  }
}
