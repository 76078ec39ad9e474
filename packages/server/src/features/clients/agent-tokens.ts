import type { Clock } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'
import type { AgentActor, UserActor } from '../../http/actor.ts'
import { hashToken, newToken } from '../../secrets/tokens.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { AgentTokenStore } from './agent-token-store.ts'
import type { Clients } from './clients.ts'
import { disabledClient } from './enrolment.ts'
import type { ClientStore } from './store.ts'

const DAY_MS = 86_400_000
/** So long it is known of a token that it was replaced. */
const RETIRED_KEPT_MS = 400 * DAY_MS
/** The use of a token that was replaced is written down so often at most. */
const REPORT_EVERY_MS = 3_600_000

export interface AgentTokensOptions {
  readonly store: AgentTokenStore
  readonly clientStore: Pick<ClientStore, 'findAgent'>
  readonly clients: Pick<Clients, 'visible'>
  readonly audit: Audit
  readonly clock: Clock
  /** After how many days agents take new tokens; 0 for never. */
  readonly rotationDays: number
}

/**
 * By what agents are known, and how they replace it by themselves: a new token is offered, comes into force when it is used first, and at
 * that moment the one before is worth nothing. Whatever is lost on the way, the agent has one that is in force.
 */
export class AgentTokens {
  readonly #options: AgentTokensOptions

  constructor(options: AgentTokensOptions) {
    this.#options = options
  }

  /** Who is behind an agent's token, used from `address`; undefined for none. @throws {ServerError} `client.disabled`, `auth.required` */
  async actorOf(token: string, address: string): Promise<AgentActor | undefined> {
    const { store, clientStore, clock } = this.#options
    const hash = hashToken(token)
    let client = await clientStore.findAgent(hash)
    if (client === undefined) {
      const now = clock.now()
      await store.confirm(hash, { now, forgetBefore: now - RETIRED_KEPT_MS })
      // Asked whoever confirmed it: two first uses may come at once.
      client = await clientStore.findAgent(hash)
    }
    if (client === undefined) {
      await this.#reportRetired(hash, address)
      return undefined
    }
    if (client.is_disabled === 1 || client.owner_disabled === 1) throw disabledClient(client)
    return { kind: 'agent', clientId: client.id, clientName: client.name, ownerId: client.owner_id }
  }

  /** Gives an agent a token that takes the place of its own when it is used. Asked again it gives another, and this one is void. */
  async offer({ clientId }: AgentActor, origin: Origin): Promise<string> {
    const { token, hash } = newToken('agent')
    if (!(await this.#options.store.offer(clientId, hash))) throw notIn('take a new token')
    await this.#options.audit.record(origin, { action: 'client.token-rotated', subject: `client ${clientId}` })
    return token
  }

  /** Has the agent of a client take a new token when it is heard of next. @throws {ServerError} `not-found`, `request.conflict` */
  async request(actor: UserActor, clientId: number, origin: Origin): Promise<void> {
    const { clients, store, audit } = this.#options
    await clients.visible(actor, clientId)
    if (!(await store.wantRotation(clientId))) throw notIn('have the token replaced')
    await audit.record(origin, { action: 'client.token-rotation-wanted', subject: `client ${clientId}` })
  }

  /** Whether an agent is to take a new token now. */
  async isRotationDue(clientId: number): Promise<boolean> {
    const { store, clock, rotationDays } = this.#options
    return store.isRotationDue(clientId, rotationDays === 0 ? undefined : clock.now() - rotationDays * DAY_MS)
  }

  /** Two have the token: the agent that replaced it, and whoever uses it now. */
  async #reportRetired(hash: string, address: string): Promise<void> {
    const { store, audit, clock } = this.#options
    const now = clock.now()
    const retired = await store.reportRetired(hash, { now, reportedBefore: now - REPORT_EVERY_MS })
    if (retired === undefined) return
    const { clientId, clientName } = retired
    await audit.record(
      { actor: { kind: 'nobody', name: clientName }, address },
      { action: 'client.retired-token-used', subject: `client ${clientId}`, detail: { clientName } },
    )
  }
}

function notIn(action: string): ServerError {
  return new ServerError('request.conflict', `Cannot ${action}: no agent of the client is in`)
}
