import type { Clock } from '@holdfast/engine'
import type { Login, NewUser, Scope, User } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { hashPassword, verifyPassword } from '../../secrets/password-hash.ts'
import { hashToken, newToken } from '../../secrets/tokens.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { AccountStore, StoredUser } from './store.ts'

const HOUR_MS = 3_600_000
/** A session ends after this long without a request. */
const SESSION_IDLE_MS = 24 * HOUR_MS
/** How stale the time of the last request may be: not every request shall write. */
const TOUCH_EVERY_MS = 60_000

export interface AccountsOptions {
  readonly store: AccountStore
  readonly audit: Audit
  readonly clock: Clock
}

/** Where a sign-in comes from. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string
}

/** Users, and how they prove who they are. */
export class Accounts {
  readonly #store: AccountStore
  readonly #audit: Audit
  readonly #clock: Clock

  constructor({ store, audit, clock }: AccountsOptions) {
    this.#store = store
    this.#audit = audit
    this.#clock = clock
  }

  /** Makes the first administrator if there are no users yet. Gives whether there were none. */
  async ensureAdministrator({ username, password }: { readonly username: string; readonly password: string }): Promise<boolean> {
    if ((await this.#store.countUsers()) > 0) return false
    await this.create({ username, password, role: 'admin', retention: null }, { actor: 'server', address: '' })
    return true
  }

  /** @throws {ServerError} `request.conflict` when the name is taken. */
  async create(user: NewUser, origin: Origin): Promise<User> {
    const added = await this.#store.addUser({
      username: user.username,
      password_hash: user.password === undefined ? null : await hashPassword(user.password),
      role: user.role,
      is_disabled: 0,
      oidc_subject: null,
      totp_secret: null,
      totp_last_step: null,
      retention: user.retention === null ? null : JSON.stringify(user.retention),
      failed_attempts: 0,
      locked_until: null,
      created_at: this.#clock.now(),
    })
    if (added === undefined) throw new ServerError('request.conflict', `Cannot add the user ${user.username}: the name is taken`)
    await this.#audit.record(origin, {
      action: 'user.created',
      subject: `user ${added.id}`,
      detail: { username: user.username, role: user.role },
    })
    return toUser(added)
  }

  async list(): Promise<User[]> {
    return (await this.#store.listUsers()).map(toUser)
  }

  /** @throws {ServerError} `not-found`. */
  async get(id: number): Promise<User> {
    const user = await this.#store.findUser({ id })
    if (user === undefined) throw notFound(`the user ${id}`)
    return toUser(user)
  }

  /** Signs in with a password. @throws {ServerError} `auth.failed`. Gives the token of a new session. */
  async login(login: Login, visitor: Visitor): Promise<{ readonly token: string; readonly user: User }> {
    const user = await this.#authenticate(login)
    const { token, hash } = newToken('session')
    const now = this.#clock.now()
    await this.#store.addSession({
      user_id: user.id,
      token_hash: hash,
      created_at: now,
      last_seen_at: now,
      expires_at: now + SESSION_IDLE_MS,
      address: visitor.address,
      user_agent: visitor.userAgent.slice(0, 300),
    })
    return { token, user: toUser(user) }
  }

  /** Who signs in with a password, without a session. @throws {ServerError} `auth.failed` */
  async verify(login: Login, _visitor: Visitor): Promise<UserActor> {
    return actorOf(await this.#authenticate(login), {})
  }

  async logout(actor: UserActor): Promise<void> {
    if (actor.sessionId !== undefined) await this.#store.removeSession(actor.sessionId)
  }

  /** Who is behind a session's token; undefined for none. */
  async actorOfSession(token: string): Promise<UserActor | undefined> {
    const now = this.#clock.now()
    const session = await this.#store.findSession(hashToken(token), now)
    if (session === undefined || session.user.is_disabled === 1) return undefined
    if (now - session.last_seen_at > TOUCH_EVERY_MS) {
      await this.#store.touchSession(session.id, { last_seen_at: now, expires_at: now + SESSION_IDLE_MS })
    }
    return actorOf(session.user, { sessionId: session.id })
  }

  /** Who is behind an API token; undefined for none. */
  async actorOfApiToken(token: string): Promise<UserActor | undefined> {
    const found = await this.#store.findApiToken(hashToken(token), this.#clock.now())
    if (found === undefined || found.user.is_disabled === 1) return undefined
    return actorOf(found.user, { scopes: JSON.parse(found.scopes) as Scope[] })
  }

  async #authenticate({ username, password }: Login): Promise<StoredUser> {
    const user = await this.#store.findUser({ username })
    const fits = await verifyPassword(user?.password_hash ?? undefined, password)
    if (user !== undefined && fits && user.is_disabled === 0) return user
    throw new ServerError('auth.failed', 'Cannot sign in: user name or password is wrong')
  }
}

function actorOf(user: StoredUser, by: { readonly sessionId?: number; readonly scopes?: readonly Scope[] }): UserActor {
  return { kind: 'user', userId: user.id, username: user.username, role: user.role, scopes: by.scopes, sessionId: by.sessionId }
}

function toUser(user: StoredUser): User {
  return {
    id: user.id,
    username: user.username,
    role: user.role,
    isDisabled: user.is_disabled === 1,
    hasPassword: user.password_hash !== null,
    hasSecondFactor: user.totp_secret !== null,
    retention: user.retention === null ? null : (JSON.parse(user.retention) as User['retention']),
    createdAt: new Date(user.created_at).toISOString(),
  }
}
