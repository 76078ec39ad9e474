import type { Hooks, Limits, PlanDefinition, Retention } from '@holdfast/protocol'
import { notFound } from '../../errors.ts'
import { sees, type UserActor } from '../../http/actor.ts'
import type { PlanClients } from './plans.ts'
import type { PlanStore } from './store.ts'

/** The part of a client's settings that plans inherit. */
interface ClientSettings {
  readonly hooks?: Hooks
  readonly limits?: Limits
  readonly retention?: Retention | null
}

const NO_HOOKS: Hooks = { pre: [], post: [], onFailure: [] }
const NO_LIMITS: Limits = { blackouts: [] }

/** What plans inherit of their clients and owners, as the database has it at this moment. */
export class InheritedSettings implements PlanClients {
  readonly #store: PlanStore

  constructor(store: PlanStore) {
    this.#store = store
  }

  async visible(actor: UserActor, clientId: number): Promise<void> {
    const client = await this.#store.client(clientId)
    if (client === undefined || !sees(actor, client.owner_id)) throw notFound(`the client ${clientId}`)
  }

  async effective(clientId: number, definition: PlanDefinition | undefined): ReturnType<PlanClients['effective']> {
    const client = await this.#store.client(clientId)
    const { hooks = NO_HOOKS, limits = NO_LIMITS, retention = null } = JSON.parse(client?.settings ?? '{}') as ClientSettings
    const ownersRetention = JSON.parse(client?.owner_retention ?? 'null') as Retention | null
    return {
      hooks: mergeHooks(hooks, definition?.hooks ?? NO_HOOKS),
      limits: mergeLimits(limits, definition?.limits ?? NO_LIMITS),
      retention: definition?.retention ?? retention ?? ownersRetention,
    }
  }
}

function mergeHooks(client: Hooks, plan: Hooks): Hooks {
  return { pre: [...client.pre, ...plan.pre], post: [...client.post, ...plan.post], onFailure: [...client.onFailure, ...plan.onFailure] }
}

/** The plan's limits go before the client's; blackouts of both count. */
function mergeLimits(client: Limits, plan: Limits): Limits {
  return { ...client, ...plan, blackouts: [...client.blackouts, ...plan.blackouts] }
}
