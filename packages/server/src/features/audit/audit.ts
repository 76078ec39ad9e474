import type { Clock } from '@holdfast/engine'
import type { AuditEntry, AuditPage, AuditQuery } from '@holdfast/protocol'
import type { FastifyRequest } from 'fastify'
import { ServerError } from '../../errors.ts'
import type { Actor } from '../../http/actor.ts'
import { addressOf } from '../../http/forward.ts'
import type { AuditStore, StoredAuditEntry } from './store.ts'

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

  /** One page of the log, newest first. @throws {ServerError} `request.invalid` for a cursor that no page gave. */
  async list({ cursor, limit, action, subject, userId, since, until }: AuditQuery): Promise<AuditPage> {
    const found = await this.#store.list({
      before: readCursor(cursor),
      limit: limit + 1,
      ...{ action, subject, userId },
      since: since === undefined ? undefined : Date.parse(since),
      until: until === undefined ? undefined : Date.parse(until),
    })
    const entries = found.slice(0, limit).map(toEntry)
    return { entries, next: found.length > limit ? String(entries.at(-1)?.id) : null }
  }
}

/** The origin of a request. */
export function originOf(request: FastifyRequest): Origin {
  return { actor: request.actor ?? { kind: 'nobody', name: '' }, address: addressOf(request) }
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

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new ServerError('request.invalid', 'Cannot take the cursor: it is none that a page gave')
}

function toEntry(entry: StoredAuditEntry): AuditEntry {
  const { id, action, subject, actor, address } = entry
  const detail = JSON.parse(entry.detail) as Record<string, unknown>
  return { id, at: new Date(entry.at).toISOString(), userId: entry.user_id, actor, action, subject, detail, address }
}
