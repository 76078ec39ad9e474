import type { Clock } from '@holdfast/engine'
import type { Session } from '@holdfast/protocol'
import { notFound } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { hashToken, newToken } from '../../secrets/tokens.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { SessionStore, StoredSession } from './session-store.ts'
import type { StoredUser } from './store.ts'
import { actorOf, timeText } from './user-actor.ts'

const HOUR_MS = 3_600_000
/** A session ends after this long without a request, */
const IDLE_MS = 24 * HOUR_MS
/** and after this long whatever happens. */
const LIFE_MS = 30 * 24 * HOUR_MS
/** How stale the time of the last request may be: not every request shall write. */
const TOUCH_EVERY_MS = 60_000
/** Of one user; a new one ends the oldest. */
const SESSIONS_MAX = 100

/** Where a sign-in comes from. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string
}

export interface SessionsOptions {
  readonly store: SessionStore
  readonly audit: Audit
  readonly clock: Clock
}

/** Who is signed in, from where, and for how long. */
export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Begins a session and gives its token, which is told this once. */
  async begin(user: StoredUser, { visitor, by }: { readonly visitor: Visitor; readonly by: string }): Promise<string> {
    const { store, audit, clock } = this.#options
    const { token, hash } = newToken('session')
    const now = clock.now()
    const times = { created_at: now, last_seen_at: now, expires_at: now + IDLE_MS }
    const place = { address: visitor.address, user_agent: visitor.userAgent.slice(0, 300) }
    await store.addSession({ user_id: user.id, token_hash: hash, ...times, ...place }, { kept: SESSIONS_MAX })
    const origin = { actor: actorOf(user, {}), address: visitor.address }
    await audit.record(origin, { action: 'session.begun', subject: `user ${user.id}`, detail: { by } })
    return token
  }

  /** Who is behind a session's token; undefined for none. */
  async actorOf(token: string): Promise<UserActor | undefined> {
    const { store, clock } = this.#options
    const now = clock.now()
    const session = await store.findSession(hashToken(token), now)
    if (session === undefined || session.user.is_disabled === 1) return undefined
    if (now - session.last_seen_at > TOUCH_EVERY_MS) {
      await store.touchSession(session.id, { last_seen_at: now, expires_at: Math.min(now + IDLE_MS, session.created_at + LIFE_MS) })
    }
    return actorOf(session.user, { sessionId: session.id })
  }

  /** The sessions of whoever asks, newest first. */
  async list(actor: UserActor): Promise<Session[]> {
    const { store, clock } = this.#options
    return (await store.listSessions(actor.userId, clock.now())).map((session) => toSession(session, actor))
  }

  /** Signs out. Does nothing for an API token. */
  async endCurrent(actor: UserActor, origin: Origin): Promise<void> {
    if (actor.sessionId !== undefined) await this.end(actor, actor.sessionId, origin)
  }

  /** Ends one's own session. @throws {ServerError} `not-found`. */
  async end(actor: UserActor, id: number, origin: Origin): Promise<void> {
    const { store, audit } = this.#options
    if (!(await store.removeSession(actor.userId, id))) throw notFound(`the session ${id}`)
    await audit.record(origin, { action: 'session.ended', subject: `user ${actor.userId}`, detail: { isOwn: id === actor.sessionId } })
  }

  /** Ends the sessions of a user: all, or all but one. */
  async endAll(userId: number, { except, origin }: { readonly except?: number | undefined; readonly origin: Origin }): Promise<void> {
    const { store, audit } = this.#options
    await store.removeSessions(userId, { except })
    await audit.record(origin, { action: 'session.all-ended', subject: `user ${userId}` })
  }
}

function toSession(session: StoredSession, actor: UserActor): Session {
  return {
    id: session.id,
    createdAt: timeText(session.created_at),
    lastSeenAt: timeText(session.last_seen_at),
    expiresAt: timeText(session.expires_at),
    address: session.address,
    userAgent: session.user_agent,
    isCurrent: session.id === actor.sessionId,
  }
}
