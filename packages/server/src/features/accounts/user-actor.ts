import type { Scope } from '@holdfast/protocol'
import type { UserActor } from '../../http/actor.ts'
import type { StoredUser } from './store.ts'

/** A user as requests are carried out for. */
export function actorOf(user: StoredUser, by: { readonly sessionId?: number; readonly scopes?: readonly Scope[] }): UserActor {
  return { kind: 'user', userId: user.id, username: user.username, role: user.role, scopes: by.scopes, sessionId: by.sessionId }
}

/** A time as it goes over the wire. */
export function timeText(atMs: number): string {
  return new Date(atMs).toISOString()
}
