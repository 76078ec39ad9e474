import type { Insertable, Selectable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import type { StoredUser } from './store.ts'
import type { ApiTokenRow, SessionRow } from './tables.ts'

export type StoredSession = Selectable<SessionRow>
export type StoredApiToken = Selectable<ApiTokenRow>

/** Where sessions, API tokens and the counts of failed attempts are kept. */
export class SessionStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Adds a session; of its user's, only the newest `kept` stay. */
  async addSession(session: Insertable<SessionRow>, { kept }: { readonly kept: number }): Promise<void> {
    await this.#queries.insertInto('sessions').values(session).execute()
    const newest = this.#queries
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', session.user_id)
      .orderBy('id', 'desc')
      .limit(kept)
    await this.#queries.deleteFrom('sessions').where('user_id', '=', session.user_id).where('id', 'not in', newest).execute()
  }

  /** The session with its user, if it has not expired by `now`. */
  async findSession(tokenHash: string, now: number): Promise<(StoredSession & { readonly user: StoredUser }) | undefined> {
    const session = await this.#queries
      .selectFrom('sessions')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    const user = session && (await this.#userOf(session))
    return session && user && { ...session, user }
  }

  /** Sessions of a user that have not expired by `now`, newest first. */
  async listSessions(userId: number, now: number): Promise<StoredSession[]> {
    return this.#queries
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', userId)
      .where('expires_at', '>', now)
      .orderBy('id', 'desc')
      .execute()
  }

  async touchSession(id: number, times: Pick<SessionRow, 'last_seen_at' | 'expires_at'>): Promise<void> {
    await this.#queries.updateTable('sessions').set(times).where('id', '=', id).execute()
  }

  /** Removes one session of a user; false when there is none. */
  async removeSession(userId: number, id: number): Promise<boolean> {
    const query = this.#queries.deleteFrom('sessions').where('user_id', '=', userId).where('id', '=', id)
    return (await query.returning('id').executeTakeFirst()) !== undefined
  }

  /** Removes all sessions of a user but the one to be kept. */
  async removeSessions(userId: number, { except }: { readonly except: number | undefined }): Promise<void> {
    const query = this.#queries.deleteFrom('sessions').where('user_id', '=', userId)
    await (except === undefined ? query : query.where('id', '!=', except)).execute()
  }

  /** Adds a token; undefined when its user has `countMax` of them. */
  async addApiToken(token: Insertable<ApiTokenRow>, { countMax }: { readonly countMax: number }): Promise<StoredApiToken | undefined> {
    if ((await this.listApiTokens(token.user_id)).length >= countMax) return undefined
    return this.#queries.insertInto('api_tokens').values(token).returningAll().executeTakeFirstOrThrow()
  }

  async listApiTokens(userId: number): Promise<StoredApiToken[]> {
    return this.#queries.selectFrom('api_tokens').selectAll().where('user_id', '=', userId).orderBy('id').execute()
  }

  /** The API token with its user, if it has not expired by `now`. */
  async findApiToken(tokenHash: string, now: number): Promise<(StoredApiToken & { readonly user: StoredUser }) | undefined> {
    const token = await this.#queries
      .selectFrom('api_tokens')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
      .executeTakeFirst()
    const user = token && (await this.#userOf(token))
    return token && user && { ...token, user }
  }

  async touchApiToken(id: number, now: number): Promise<void> {
    await this.#queries.updateTable('api_tokens').set({ last_used_at: now }).where('id', '=', id).execute()
  }

  /** Removes one token of a user and gives its name; undefined when there is none. */
  async removeApiToken(userId: number, id: number): Promise<string | undefined> {
    const query = this.#queries.deleteFrom('api_tokens').where('user_id', '=', userId).where('id', '=', id)
    return (await query.returning('name').executeTakeFirst())?.name
  }

  /** Removes sessions that have expired by `now`. */
  async removeExpired(now: number): Promise<void> {
    await this.#queries.deleteFrom('sessions').where('expires_at', '<=', now).execute()
  }

  async #userOf({ user_id }: { readonly user_id: number }): Promise<StoredUser | undefined> {
    return this.#queries.selectFrom('users').selectAll().where('id', '=', user_id).executeTakeFirst()
  }
}
