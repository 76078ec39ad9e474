import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import type { ApiTokenRow, SessionRow, UserRow } from './tables.ts'

export type StoredUser = Selectable<UserRow>

/** Where users, sessions and tokens are kept. */
export class AccountStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async countUsers(): Promise<number> {
    const { count } = await this.#queries
      .selectFrom('users')
      .select((query) => query.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  async listUsers(): Promise<StoredUser[]> {
    return this.#queries.selectFrom('users').selectAll().orderBy('username').execute()
  }

  async findUser(by: { readonly id: number } | { readonly username: string }): Promise<StoredUser | undefined> {
    const query = this.#queries.selectFrom('users').selectAll()
    return ('id' in by ? query.where('id', '=', by.id) : query.where('username', '=', by.username)).executeTakeFirst()
  }

  /** Adds a user; undefined when the name is taken. */
  async addUser(user: Insertable<UserRow>): Promise<StoredUser | undefined> {
    return this.#queries
      .insertInto('users')
      .values(user)
      .onConflict((conflict) => conflict.column('username').doNothing())
      .returningAll()
      .executeTakeFirst()
  }

  async changeUser(id: number, changes: Updateable<UserRow>): Promise<void> {
    await this.#queries.updateTable('users').set(changes).where('id', '=', id).execute()
  }

  async addSession(session: Insertable<SessionRow>): Promise<void> {
    await this.#queries.insertInto('sessions').values(session).execute()
  }

  /** The session with its user, if it has not expired by `now`. */
  async findSession(tokenHash: string, now: number): Promise<(Selectable<SessionRow> & { readonly user: StoredUser }) | undefined> {
    const session = await this.#queries
      .selectFrom('sessions')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    const user = session && (await this.findUser({ id: session.user_id }))
    return session && user && { ...session, user }
  }

  async touchSession(id: number, times: Pick<SessionRow, 'last_seen_at' | 'expires_at'>): Promise<void> {
    await this.#queries.updateTable('sessions').set(times).where('id', '=', id).execute()
  }

  async removeSession(id: number): Promise<void> {
    await this.#queries.deleteFrom('sessions').where('id', '=', id).execute()
  }

  /** The API token with its user, if it has not expired by `now`. */
  async findApiToken(tokenHash: string, now: number): Promise<(Selectable<ApiTokenRow> & { readonly user: StoredUser }) | undefined> {
    const token = await this.#queries
      .selectFrom('api_tokens')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
      .executeTakeFirst()
    const user = token && (await this.findUser({ id: token.user_id }))
    return token && user && { ...token, user }
  }
}
