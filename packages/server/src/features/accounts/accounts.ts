import type { Clock } from '@holdfast/engine'
import type { ChangePassword, ChangeUser, Login, NewUser, User } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { hashPassword } from '../../secrets/password-hash.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import { demandGoodPassword } from './password-policy.ts'
import type { SecondFactors } from './second-factor.ts'
import type { Sessions, Visitor } from './sessions.ts'
import type { SignIn } from './sign-in.ts'
import type { AccountStore, StoredUser } from './store.ts'
import { actorOf, timeText } from './user-actor.ts'

export interface AccountsOptions {
  readonly store: AccountStore
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly secondFactors: SecondFactors
  readonly audit: Audit
  readonly clock: Clock
}

/** Who is made when there is nobody. */
export interface FirstAdministrator {
  readonly username: string
  readonly password: string
  /** Whether the server made the password up. */
  readonly isGenerated?: boolean
}

/** Users: who there is, what they may do, and their passwords. */
export class Accounts {
  readonly #options: AccountsOptions
  readonly #disabledListeners: ((userId: number) => Promise<void>)[] = []

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** Calls `listener` whenever a user was disabled or enabled, before whoever did it has the answer. */
  onDisabledChanged(listener: (userId: number) => Promise<void>): void {
    this.#disabledListeners.push(listener)
  }

  /**
   * Makes the first administrator if there are no users yet. Gives whether there were none. The password is taken as it is: it is the
   * choice of whoever runs the server, and installations of other programs come with theirs.
   */
  async ensureAdministrator({ username, password, isGenerated = false }: FirstAdministrator): Promise<boolean> {
    const { store } = this.#options
    if ((await store.countUsers()) > 0) return false
    const { id } = await this.#add({ username, password, role: 'admin', retention: null }, { actor: 'server', address: '' })
    if (isGenerated) await store.changeUser(id, { has_generated_password: 1 })
    return true
  }

  /** Whether somebody still signs in with the password that the server made up. */
  async hasGeneratedPassword(userId: number): Promise<boolean> {
    return (await this.#find(userId)).has_generated_password === 1
  }

  /**
   * Replaces the password that the server made up by one's own, without asking for it: whoever is signed in has just typed it. All other
   * sessions end.
   * @throws {ServerError} `request.conflict` when the password is another by now; `request.invalid` for one that is easy to guess.
   */
  async replaceGeneratedPassword(actor: UserActor, password: string, origin: Origin): Promise<void> {
    if (actor.sessionId === undefined || !(await this.hasGeneratedPassword(actor.userId))) {
      throw new ServerError('request.conflict', 'Cannot set the password here: it is one that you chose; change it in your account')
    }
    demandGoodPassword(password, actor)
    await this.#setPassword(actor, password, origin)
  }

  /** @throws {ServerError} `request.conflict` when the name is taken; `request.invalid` for a password that is easy to guess. */
  async create(user: NewUser, origin: Origin): Promise<User> {
    if (user.password !== undefined) demandGoodPassword(user.password, user)
    return this.#add(user, origin)
  }

  async list(): Promise<User[]> {
    return (await this.#options.store.listUsers()).map(toUser)
  }

  /** @throws {ServerError} `not-found`. */
  async get(id: number): Promise<User> {
    return toUser(await this.#find(id))
  }

  /**
   * Changes a user. A new password ends all sessions; being disabled stops sessions, tokens and machines at once.
   * @throws {ServerError} `not-found`; `request.conflict` when no administrator would be left; `request.invalid` for a weak password.
   */
  async change(id: number, changes: ChangeUser, origin: Origin): Promise<User> {
    const { store, sessions, secondFactors, audit } = this.#options
    const { username } = await this.#find(id)
    const { password, role, isDisabled, retention, hasSecondFactor, hasSingleSignOn } = changes
    if (password !== undefined) demandGoodPassword(password, { username })
    const changed = await store.changeUser(id, {
      ...(role === undefined ? {} : { role }),
      ...(isDisabled === undefined ? {} : { is_disabled: isDisabled ? 1 : 0 }),
      ...(retention === undefined ? {} : { retention: retention && JSON.stringify(retention) }),
      ...(hasSingleSignOn === undefined ? {} : { oidc_subject: null }),
      ...(password === undefined ? {} : { password_hash: await hashPassword(password), has_generated_password: 0 }),
    })
    if (changed === undefined) throw lastAdministrator('change', username)
    const detail = { username, changed: Object.keys(changes), role, isDisabled }
    await audit.record(origin, { action: 'user.changed', subject: `user ${id}`, detail })
    if (isDisabled !== undefined) for (const listener of this.#disabledListeners) await listener(id)
    if (password !== undefined) await sessions.endAll(id, { origin })
    if (hasSecondFactor === false) await secondFactors.removeOf(id, origin)
    return this.get(id)
  }

  /**
   * Removes a user with sessions, tokens and channels.
   * @throws {ServerError} `not-found`; `request.conflict` when the user owns clients, or no administrator would be left.
   */
  async remove(id: number, origin: Origin): Promise<void> {
    const { store, audit } = this.#options
    const { username } = await this.#find(id)
    if (!(await store.removeUser(id))) {
      if (!(await store.ownsClients(id))) throw lastAdministrator('remove', username)
      throw new ServerError('request.conflict', `Cannot remove the user ${username}: there are clients that belong to it`)
    }
    await audit.record(origin, { action: 'user.removed', subject: `user ${id}`, detail: { username } })
  }

  /** Changes one's own password; all other sessions end. @throws {ServerError} `auth.failed`, `auth.locked`, `request.invalid`. */
  async changePassword(actor: UserActor, { currentPassword, password }: ChangePassword, origin: Origin): Promise<void> {
    const { signIn } = this.#options
    await signIn.confirm(actor, currentPassword, async () => {
      demandGoodPassword(password, actor)
      await this.#setPassword(actor, password, origin)
    })
  }

  /** Signs in with a password, and a code if there is a second factor. Gives the token of a new session. */
  async login(login: Login, visitor: Visitor): Promise<{ readonly token: string; readonly user: User }> {
    const { signIn, sessions } = this.#options
    const user = await signIn.user(login, visitor)
    return { token: await sessions.begin(user, { visitor, by: 'password' }), user: toUser(user) }
  }

  /** Who signs in with a password, and a code if there is a second factor, without a session. @throws {ServerError} as `SignIn.user` */
  async verify(login: Login, visitor: Visitor): Promise<UserActor> {
    return actorOf(await this.#options.signIn.user(login, visitor), {})
  }

  async #setPassword(actor: UserActor, password: string, origin: Origin): Promise<void> {
    const { store, sessions, audit } = this.#options
    await store.changeUser(actor.userId, { password_hash: await hashPassword(password), has_generated_password: 0 })
    await audit.record(origin, { action: 'user.password-changed', subject: `user ${actor.userId}` })
    await sessions.endAll(actor.userId, { except: actor.sessionId, origin })
  }

  async #find(id: number): Promise<StoredUser> {
    const user = await this.#options.store.findUser({ id })
    if (user === undefined) throw notFound(`the user ${id}`)
    return user
  }

  async #add(user: NewUser, origin: Origin): Promise<User> {
    const { store, audit, clock } = this.#options
    const added = await store.addUser({
      ...{ username: user.username, role: user.role, is_disabled: 0, created_at: clock.now() },
      password_hash: user.password === undefined ? null : await hashPassword(user.password),
      retention: user.retention === null ? null : JSON.stringify(user.retention),
      ...{ oidc_subject: null, totp_secret: null, totp_last_step: null, totp_pending: null },
    })
    if (added === undefined)
      throw new ServerError('request.conflict', `Cannot add the user ${user.username}: the name is taken`, {
        fields: [{ path: '/username', message: 'the name is taken', reason: 'taken' }],
      })
    const detail = { username: user.username, role: user.role }
    await audit.record(origin, { action: 'user.created', subject: `user ${added.id}`, detail })
    return toUser(added)
  }
}

function lastAdministrator(action: string, username: string): ServerError {
  return new ServerError('request.conflict', `Cannot ${action} the user ${username}: no administrator would be left`)
}

function toUser(user: StoredUser): User {
  return {
    id: user.id,
    username: user.username,
    role: user.role,
    isDisabled: user.is_disabled === 1,
    hasPassword: user.password_hash !== null,
    hasSecondFactor: user.totp_secret !== null,
    hasSingleSignOn: user.oidc_subject !== null,
    retention: user.retention === null ? null : (JSON.parse(user.retention) as User['retention']),
    createdAt: timeText(user.created_at),
  }
}
