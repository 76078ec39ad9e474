import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'

/** Asks the database about itself. */
export class AboutStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async version(): Promise<{ readonly kind: Database['kind']; readonly version: string }> {
    const { kind, queries } = this.#database
    const query = kind === 'sqlite' ? sql`select sqlite_version() as version` : sql`select current_setting('server_version') as version`
    const { rows } = await query.execute(queries)
    const [{ version } = { version: '' }] = rows as readonly { readonly version: string }[]
    return { kind, version }
  }
}
