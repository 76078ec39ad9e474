import type { Clock } from '@holdfast/engine'
import type { ApiToken, CreatedApiToken, NewApiToken, Scope } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { hashToken, newToken } from '../../secrets/tokens.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { SessionStore, StoredApiToken } from './session-store.ts'
import { actorOf, timeText } from './user-actor.ts'

const DAY_MS = 86_400_000
const TOKENS_MAX = 100
/** How stale the time of the last use may be: not every request shall write. */
const TOUCH_EVERY_MS = 60_000

export interface ApiTokensOptions {
  readonly store: SessionStore
  readonly audit: Audit
  readonly clock: Clock
}

/** Tokens by which programs act for a user. Only their hashes are kept. */
export class ApiTokens {
  readonly #options: ApiTokensOptions

  constructor(options: ApiTokensOptions) {
    this.#options = options
  }

  async list(actor: UserActor): Promise<ApiToken[]> {
    return (await this.#options.store.listApiTokens(actor.userId)).map(toApiToken)
  }

  /**
   * Makes a token and tells it, once.
   * @throws {ServerError} `auth.forbidden` for whoever comes with a token: one that leaked must not make others that outlive it;
   * `request.conflict` when there are too many.
   */
  async create(actor: UserActor, token: NewApiToken, origin: Origin): Promise<CreatedApiToken> {
    const { store, audit, clock } = this.#options
    if (actor.sessionId === undefined) throw new ServerError('auth.forbidden', 'Cannot make a token: that takes a session')
    const { token: secret, hash } = newToken('api')
    const now = clock.now()
    const expiresAt = token.expiresInDays === null ? null : now + token.expiresInDays * DAY_MS
    const scopes = [...new Set(token.scopes)]
    const row = { user_id: actor.userId, name: token.name, token_hash: hash, scopes: JSON.stringify(scopes), last_used_at: null }
    const added = await store.addApiToken({ ...row, created_at: now, expires_at: expiresAt }, { countMax: TOKENS_MAX })
    if (added === undefined) throw new ServerError('request.conflict', `Cannot make a token: there are ${TOKENS_MAX} already`)
    const detail = { name: token.name, scopes, expiresAt: expiresAt && timeText(expiresAt) }
    await audit.record(origin, { action: 'api-token.created', subject: `api-token ${added.id}`, detail })
    return { ...toApiToken(added), token: secret }
  }

  /** Ends one of one's own tokens. @throws {ServerError} `not-found`. */
  async revoke(actor: UserActor, id: number, origin: Origin): Promise<void> {
    const { store, audit } = this.#options
    const name = await store.removeApiToken(actor.userId, id)
    if (name === undefined) throw notFound(`the token ${id}`)
    await audit.record(origin, { action: 'api-token.revoked', subject: `api-token ${id}`, detail: { name } })
  }

  /** Who is behind a token; undefined for none. */
  async actorOf(token: string): Promise<UserActor | undefined> {
    const { store, clock } = this.#options
    const now = clock.now()
    const found = await store.findApiToken(hashToken(token), now)
    if (found === undefined || found.user.is_disabled === 1) return undefined
    if (now - (found.last_used_at ?? 0) > TOUCH_EVERY_MS) await store.touchApiToken(found.id, now)
    return actorOf(found.user, { scopes: scopesOf(found) })
  }
}

function toApiToken(token: StoredApiToken): ApiToken {
  return {
    id: token.id,
    name: token.name,
    scopes: scopesOf(token),
    createdAt: timeText(token.created_at),
    expiresAt: token.expires_at === null ? null : timeText(token.expires_at),
    lastUsedAt: token.last_used_at === null ? null : timeText(token.last_used_at),
  }
}

function scopesOf({ scopes }: StoredApiToken): Scope[] {
  return JSON.parse(scopes) as Scope[]
}
