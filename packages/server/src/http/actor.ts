import type { Role, Scope } from '@holdfast/protocol'
import type { FastifyRequest } from 'fastify'
import { ServerError } from '../errors.ts'

/** A person, by session or API token. */
export interface UserActor {
  readonly kind: 'user'
  readonly userId: number
  readonly username: string
  readonly role: Role
  /** What the token in use may do; undefined for a session, which may do all that its user may. */
  readonly scopes: readonly Scope[] | undefined
  /** The session in use; undefined for an API token. */
  readonly sessionId: number | undefined
}

/** A machine, by its agent's token. */
export interface AgentActor {
  readonly kind: 'agent'
  readonly clientId: number
  readonly clientName: string
  readonly ownerId: number
}

/** On whose behalf a request is carried out. */
export type Actor = UserActor | AgentActor

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard, for all routes but public ones. */
    actor: Actor | null
  }
}

/** The person behind a request. For routes that the guard lets only people through to. */
export function userOf(request: FastifyRequest): UserActor {
  if (request.actor?.kind === 'user') return request.actor
  throw new ServerError('auth.required', 'Cannot do this: nobody is signed in')
}

/** The machine behind a request. For routes that the guard lets only agents through to. */
export function agentOf(request: FastifyRequest): AgentActor {
  if (request.actor?.kind === 'agent') return request.actor
  throw new ServerError('auth.required', 'Cannot do this: no agent has signed in')
}

/** Whether what `ownerId` owns is the actor's to see: administrators see everything, the others what is theirs. */
export function sees(actor: UserActor, ownerId: number | null): boolean {
  return actor.role === 'admin' || actor.userId === ownerId
}

/** The owner whose things a list is limited to; undefined for administrators, who see everything. */
export function visibleOwner(actor: UserActor): number | undefined {
  return actor.role === 'admin' ? undefined : actor.userId
}
