import type { Database } from '../../db/database.ts'

/** A token that an agent had before it took the one that is in force. */
export interface RetiredToken {
  readonly clientId: number
  readonly clientName: string
  readonly ownerId: number
}

/** Where the tokens of agents are kept while one takes the place of another. */
export class AgentTokenStore {
  readonly #queries: Database['queries']

  constructor(queries: Database['queries']) {
    this.#queries = queries
  }

  /** Puts a token in force at once, or ends the one in force (null). */
  async set(clientId: number, tokenHash: string | null, now: number): Promise<void> {
    await this.#queries
      .updateTable('clients')
      .set({ token_hash: tokenHash, next_token_hash: null, token_since: now, is_rotation_wanted: 0 })
      .where('id', '=', clientId)
      .execute()
  }

  /** Keeps a token that comes into force when it is used; one that was kept before never will. False when there is none in force. */
  async offer(clientId: number, tokenHash: string): Promise<boolean> {
    const offered = await this.#queries
      .updateTable('clients')
      .set({ next_token_hash: tokenHash })
      .where('id', '=', clientId)
      .where('token_hash', 'is not', null)
      .returning('id')
      .executeTakeFirst()
    return offered !== undefined
  }

  /** Puts the token in force that was offered and is used now; the one before retires in the same step. False when it was not offered. */
  async confirm(tokenHash: string, { now, forgetBefore }: { readonly now: number; readonly forgetBefore: number }): Promise<boolean> {
    const client = await this.#queries
      .selectFrom('clients')
      .select(['id', 'token_hash'])
      .where('next_token_hash', '=', tokenHash)
      .executeTakeFirst()
    // Nothing is begun, and nothing written, for a token that anybody may have made up.
    if (client === undefined || client.token_hash === null) return false
    const { id, token_hash: former } = client
    return this.#queries.transaction().execute(async (transaction) => {
      const confirmed = await transaction
        .updateTable('clients')
        .set({ token_hash: tokenHash, next_token_hash: null, token_since: now, is_rotation_wanted: 0 })
        .where('id', '=', id)
        .where('next_token_hash', '=', tokenHash)
        .where('token_hash', '=', former)
        .returning('id')
        .executeTakeFirst()
      if (confirmed === undefined) return false
      await transaction.deleteFrom('retired_tokens').where('client_id', '=', id).where('retired_at', '<', forgetBefore).execute()
      const retired = { token_hash: former, client_id: id, retired_at: now, reported_at: null }
      await transaction.insertInto('retired_tokens').values(retired).execute()
      return true
    })
  }

  async wantRotation(clientId: number): Promise<boolean> {
    const wanted = await this.#queries
      .updateTable('clients')
      .set({ is_rotation_wanted: 1 })
      .where('id', '=', clientId)
      .where('token_hash', 'is not', null)
      .returning('id')
      .executeTakeFirst()
    return wanted !== undefined
  }

  /** Whether a client is to take a new token: somebody wants it, or the one in force came at `oldFrom` or before. */
  async isRotationDue(clientId: number, oldFrom: number | undefined): Promise<boolean> {
    const client = await this.#queries
      .selectFrom('clients')
      .select(['is_rotation_wanted', 'token_since'])
      .where('id', '=', clientId)
      .executeTakeFirst()
    if (client === undefined) return false
    return client.is_rotation_wanted === 1 || (oldFrom !== undefined && (client.token_since ?? 0) <= oldFrom)
  }

  /** Whose a retired token was; only once until `reportedBefore` has passed since, so that whoever tries it fills no log. */
  async reportRetired(
    tokenHash: string,
    { now, reportedBefore }: { readonly now: number; readonly reportedBefore: number },
  ): Promise<RetiredToken | undefined> {
    const known = this.#queries.selectFrom('retired_tokens').select('client_id').where('token_hash', '=', tokenHash)
    if ((await known.executeTakeFirst()) === undefined) return undefined
    const reported = await this.#queries
      .updateTable('retired_tokens')
      .set({ reported_at: now })
      .where('token_hash', '=', tokenHash)
      .where((where) => where.or([where('reported_at', 'is', null), where('reported_at', '<', reportedBefore)]))
      .returning('client_id')
      .executeTakeFirst()
    if (reported === undefined) return undefined
    return this.#queries
      .selectFrom('clients')
      .select(['id as clientId', 'name as clientName', 'owner_id as ownerId'])
      .where('id', '=', reported.client_id)
      .executeTakeFirst()
  }
}
