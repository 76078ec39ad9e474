import type { ClientLogQuery, LogEntry } from '@holdfast/protocol'
import { type Insertable, type RawBuilder, type Selectable, sql, type Updateable } from 'kysely'
import { containsText } from '../../db/contains-text.ts'
import type { Queries } from '../../db/database.ts'
import { holdRow } from '../../db/hold-row.ts'
import type { ClientRow, ClientTables } from './tables.ts'

export type StoredClient = Selectable<ClientRow>
export type StoredClientLog = Selectable<ClientTables['client_logs']>

/** What is asked of a client whenever its agent calls. */
export interface AgentClient extends Pick<StoredClient, 'id' | 'name' | 'owner_id' | 'is_disabled'> {
  readonly owner_name: string
  readonly owner_disabled: number
}

/** Where clients, their codes and their logs are kept. */
export class ClientStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async find(
    by:
      | { readonly id: number }
      | { readonly tokenHash: string }
      | { readonly name: string; readonly ownerId: number }
      | { readonly isLocal: true },
  ): Promise<StoredClient | undefined> {
    const query = this.#queries.selectFrom('clients').selectAll()
    if ('id' in by) return query.where('id', '=', by.id).executeTakeFirst()
    if ('tokenHash' in by) return query.where('token_hash', '=', by.tokenHash).executeTakeFirst()
    if ('isLocal' in by) return query.where('is_local', '=', 1).executeTakeFirst()
    return query.where('name', '=', by.name).where('owner_id', '=', by.ownerId).executeTakeFirst()
  }

  /** The client of an agent's token, with the user whom it belongs to. */
  async findAgent(tokenHash: string): Promise<AgentClient | undefined> {
    return this.#queries
      .selectFrom('clients')
      .innerJoin('users', 'users.id', 'clients.owner_id')
      .select(['clients.id', 'clients.name', 'clients.owner_id', 'clients.is_disabled'])
      .select(['users.username as owner_name', 'users.is_disabled as owner_disabled'])
      .where('clients.token_hash', '=', tokenHash)
      .executeTakeFirst()
  }

  async add(client: Insertable<ClientRow>): Promise<StoredClient> {
    return this.#queries.insertInto('clients').values(client).returningAll().executeTakeFirstOrThrow()
  }

  async change(id: number, changes: Updateable<ClientRow>): Promise<void> {
    await this.#queries.updateTable('clients').set(changes).where('id', '=', id).execute()
  }

  /**
   * Changes a client by what it is at that moment: nobody else changes it in between. What `changesOf` throws changes nothing.
   * False when the client is gone.
   */
  async changeBy(id: number, changesOf: (client: StoredClient) => Updateable<ClientRow>): Promise<boolean> {
    return this.#queries.transaction().execute(async (transaction) => {
      await holdRow(transaction, 'clients', id)
      const client = await transaction.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
      if (client === undefined) return false
      const changes = changesOf(client)
      if (Object.keys(changes).length > 0) await transaction.updateTable('clients').set(changes).where('id', '=', id).execute()
      return true
    })
  }

  /** Gives a client its first token; false when it has one already. */
  async claimToken(id: number, tokenHash: string): Promise<boolean> {
    const changed = await this.#queries
      .updateTable('clients')
      .set({ token_hash: tokenHash })
      .where('id', '=', id)
      .where('token_hash', 'is', null)
      .returning('id')
      .executeTakeFirst()
    return changed !== undefined
  }

  async remove(id: number): Promise<void> {
    await this.#queries.deleteFrom('clients').where('id', '=', id).execute()
  }

  async countSnapshots(clientId: number): Promise<number> {
    const { count } = await this.#queries
      .selectFrom('snapshots')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('client_id', '=', clientId)
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  async idsOf(ownerId: number): Promise<readonly number[]> {
    const rows = await this.#queries.selectFrom('clients').select('id').where('owner_id', '=', ownerId).orderBy('id').execute()
    return rows.map(({ id }) => id)
  }

  /** Whether a client may be backed up, see {@link isInService}; false for one that is gone. */
  async isInService(id: number): Promise<boolean> {
    const query = this.#queries.selectFrom('clients').select('id').where('id', '=', id).where(isInService())
    return (await query.executeTakeFirst()) !== undefined
  }

  async userExists(id: number): Promise<boolean> {
    return (await this.#queries.selectFrom('users').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
  }

  /** JSON of the default retention of a user. */
  async retentionOf(userId: number): Promise<string | null> {
    return (await this.#queries.selectFrom('users').select('retention').where('id', '=', userId).executeTakeFirst())?.retention ?? null
  }

  async addCode(code: {
    readonly client_id: number
    readonly code_hash: string
    readonly created_at: number
    readonly expires_at: number
  }): Promise<void> {
    await this.#queries.insertInto('enrolment_codes').values(code).execute()
  }

  /** Takes a code out of the world; gives the client that it was for, unless it had expired. */
  async redeemCode(codeHash: string, now: number): Promise<number | undefined> {
    await this.#queries.deleteFrom('enrolment_codes').where('expires_at', '<=', now).execute()
    const code = await this.#queries
      .deleteFrom('enrolment_codes')
      .where('code_hash', '=', codeHash)
      .returning('client_id')
      .executeTakeFirst()
    return code?.client_id
  }

  async withdrawCodes(clientId: number): Promise<void> {
    await this.#queries.deleteFrom('enrolment_codes').where('client_id', '=', clientId).execute()
  }

  /** Adds lines to a client's log and removes those beyond the newest `kept`. */
  async addLogs(clientId: number, { entries, kept }: { readonly entries: readonly LogEntry[]; readonly kept: number }): Promise<void> {
    const rows = entries.map(({ at, level, message }) => ({ client_id: clientId, run_id: null, at: Date.parse(at), level, message }))
    await this.#queries.insertInto('client_logs').values(rows).execute()
    const oldest = this.#queries
      .selectFrom('client_logs')
      .select('id')
      .where('client_id', '=', clientId)
      .orderBy('id', 'desc')
      .limit(1)
      .offset(kept)
    await this.#queries.deleteFrom('client_logs').where('client_id', '=', clientId).where('id', '<=', oldest).execute()
  }

  /** Lines of a client's log, newest first, those before `before`. */
  async listLogs(
    clientId: number,
    { limit, search, level, before }: ClientLogQuery & { readonly before?: number | undefined },
  ): Promise<StoredClientLog[]> {
    let query = this.#queries.selectFrom('client_logs').selectAll().where('client_id', '=', clientId).orderBy('id', 'desc').limit(limit)
    if (before !== undefined) query = query.where('id', '<', before)
    if (level !== undefined) query = query.where('level', '=', level)
    if (search !== undefined) query = query.where(containsText(['message'], search))
    return query.execute()
  }
}

/**
 * For queries with a table `clients`: those that are backed up, because neither they nor the users whom they belong to are disabled. Of
 * the others nothing is due and nothing is late.
 */
export function isInService(): RawBuilder<boolean> {
  return sql<boolean>`(clients.is_disabled = 0 and clients.owner_id not in (select users.id from users where users.is_disabled = 1))`
}
