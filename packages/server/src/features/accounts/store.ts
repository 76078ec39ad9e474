import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import type { UserRow } from './tables.ts'

export type StoredUser = Selectable<UserRow>

/** Where users are kept, and what they have besides sessions and tokens. */
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

  async findUser(
    by: { readonly id: number } | { readonly username: string } | { readonly oidcSubject: string },
  ): Promise<StoredUser | undefined> {
    const query = this.#queries.selectFrom('users').selectAll()
    if ('id' in by) return query.where('id', '=', by.id).executeTakeFirst()
    if ('username' in by) return query.where('username', '=', by.username).executeTakeFirst()
    return query.where('oidc_subject', '=', by.oidcSubject).executeTakeFirst()
  }

  /** Adds a user; undefined when the name, or the account of the identity provider, is taken. */
  async addUser(user: Insertable<UserRow>): Promise<StoredUser | undefined> {
    return this.#queries
      .insertInto('users')
      .values(user)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
  }

  /** Changes a user; undefined when there is none, or no administrator who can sign in would be left. */
  async changeUser(id: number, changes: Updateable<UserRow>): Promise<StoredUser | undefined> {
    if (Object.keys(changes).length === 0) return this.findUser({ id })
    return this.#keepingAdministrators((queries) =>
      queries.updateTable('users').set(changes).where('id', '=', id).returningAll().executeTakeFirst(),
    )
  }

  /** Removes a user; false when there is none, one that owns clients, or no administrator who can sign in would be left. */
  async removeUser(id: number): Promise<boolean> {
    const removed = await this.#keepingAdministrators((queries) =>
      queries
        .deleteFrom('users')
        .where('id', '=', id)
        .where(({ not, exists, selectFrom }) => not(exists(selectFrom('clients').select('id').where('owner_id', '=', id))))
        .returning('id')
        .executeTakeFirst(),
    )
    return removed !== undefined
  }

  async ownsClients(id: number): Promise<boolean> {
    return (await this.#queries.selectFrom('clients').select('id').where('owner_id', '=', id).limit(1).executeTakeFirst()) !== undefined
  }

  /** Ties a user to an account of the identity provider; false when it is another's, or the user has one. */
  async tieUser(id: number, subject: string): Promise<boolean> {
    const tied = await this.#queries
      .updateTable('users')
      .set({ oidc_subject: subject })
      .where('id', '=', id)
      .where('oidc_subject', 'is', null)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('users as others').select('others.id').where('others.oidc_subject', '=', subject))),
      )
      .returning('id')
      .executeTakeFirst()
    return tied !== undefined
  }

  /** Notes that the code of a time step was used; false when it, or a later one, was before. */
  async useTimeStep(id: number, step: number): Promise<boolean> {
    const used = await this.#queries
      .updateTable('users')
      .set({ totp_last_step: step })
      .where('id', '=', id)
      .where((where) => where.or([where('totp_last_step', 'is', null), where('totp_last_step', '<', step)]))
      .returning('id')
      .executeTakeFirst()
    return used !== undefined
  }

  /** Puts new recovery codes in the place of those that were left. */
  async replaceRecoveryCodes(userId: number, hashes: readonly string[]): Promise<void> {
    await this.#queries.transaction().execute(async (queries) => {
      await queries.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
      if (hashes.length === 0) return
      await queries
        .insertInto('recovery_codes')
        .values(hashes.map((hash) => ({ user_id: userId, code_hash: hash })))
        .execute()
    })
  }

  /** Uses a recovery code up; false when there is no such code any more. */
  async useRecoveryCode(userId: number, hash: string): Promise<boolean> {
    const used = await this.#queries
      .deleteFrom('recovery_codes')
      .where('user_id', '=', userId)
      .where('code_hash', '=', hash)
      .returning('id')
      .executeTakeFirst()
    return used !== undefined
  }

  async countRecoveryCodes(userId: number): Promise<number> {
    const codes = await this.#queries.selectFrom('recovery_codes').select('id').where('user_id', '=', userId).execute()
    return codes.length
  }

  /** Carries a change out unless it would leave no enabled administrator; undefined then, and nothing is changed. */
  async #keepingAdministrators<Result>(change: (queries: Queries) => Promise<Result | undefined>): Promise<Result | undefined> {
    const none = new Error('no administrator would be left')
    try {
      return await this.#queries.transaction().execute(async (queries) => {
        // Changes nothing but locks their rows: of two changes at once the second waits for the first and sees what it did.
        const before = await queries
          .updateTable('users')
          .set({ role: 'admin' })
          .where('role', '=', 'admin')
          .returning('is_disabled')
          .execute()
        const result = await change(queries)
        const left = await queries.selectFrom('users').select('id').where('role', '=', 'admin').where('is_disabled', '=', 0).execute()
        if (left.length === 0 && before.some((one) => one.is_disabled === 0)) throw none
        return result
      })
    } catch (error) {
      if (error === none) return undefined
      throw error
    }
  }
}
