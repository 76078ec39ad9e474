import type { Clock } from '@holdfast/engine'
import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../http/actor.ts'
import type { AuditStore } from './store.ts'

/** On whose behalf something is changed, for the audit log. */
export interface Origin {
  readonly actor: Actor | 'server' | { readonly kind: 'nobody'; readonly name: string }
  readonly address: string
}

export interface AuditEvent {
  /** Noun and past participle: `client.created`. */
  readonly action: string
  /** Noun and id: `client 3`. */
  readonly subject: string
  /** Further facts, never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Writes down everything that changes anything. */
export class Audit {
  readonly #store: AuditStore
  readonly #clock: Clock

  constructor(store: AuditStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  async record(origin: Origin, { action, subject, detail = {} }: AuditEvent): Promise<void> {
    const { actor, address } = origin
    const userId = typeof actor === 'object' && actor.kind === 'user' ? actor.userId : null
    await this.#store.add({
      at: this.#clock.now(),
      user_id: userId,
      actor: describeActor(actor),
      action,
      subject,
      detail: JSON.stringify(detail),
      address,
    })
  }
}

/** The origin of a request. */
export function originOf(request: FastifyRequest): Origin {
  return { actor: request.actor ?? { kind: 'nobody', name: '' }, address: request.ip }
}

/** What the server does by itself. */
export const SERVER_ORIGIN: Origin = { actor: 'server', address: '' }

function describeActor(actor: Origin['actor']): string {
  if (actor === 'server') return 'server'
  switch (actor.kind) {
    case 'user':
      return `user ${actor.username}`
    case 'agent':
      return `client ${actor.clientId} (${actor.clientName})`
    case 'nobody':
      return actor.name === '' ? 'nobody' : `nobody (${actor.name})`
  }
}
