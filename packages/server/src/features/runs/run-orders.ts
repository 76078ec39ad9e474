import { namedTimeZone } from '@holdfast/engine'
import type { Hooks, Limits, PlanDefinition, RestoreOrder, RunOrder } from '@holdfast/protocol'
import { afterBlackouts } from '../scheduling/blackouts.ts'
import type { StoredRun } from './store.ts'

/** What a plan's settings come to together with those of its client. */
export interface EffectiveSettings {
  readonly hooks: Hooks
  readonly limits: Limits
}

export interface RunOrdersOptions {
  readonly plans: {
    /** A plan as it is stored now. */
    definitionOf(planId: number): Promise<{ readonly name: string; readonly definition: PlanDefinition } | undefined>
  }
  readonly clients: {
    /** What counts on a client, for a plan or for a run of no plan. */
    effective(clientId: number, definition: PlanDefinition | undefined): Promise<EffectiveSettings>
  }
}

/** What may be done with a pending run now: carry it out, wait, or give it up because what it needs is gone. */
export type Readiness =
  | { readonly kind: 'go'; readonly order: RunOrder }
  | { readonly kind: 'wait' }
  | { readonly kind: 'impossible'; readonly reason: string }

/** Makes of a run what its holder needs to carry it out: with the plan and the client's settings as they are at this moment. */
export class RunOrders {
  readonly #options: RunOrdersOptions

  constructor(options: RunOrdersOptions) {
    this.#options = options
  }

  /** `leaseMs` goes to the holder; `now` is held against the blackouts, which do not hold back what a person asked for. */
  async prepare(run: StoredRun, { leaseMs, now }: { readonly leaseMs: number; readonly now: number }): Promise<Readiness> {
    if (run.client_id === null || run.repository_id === null) return impossible('its client or its repository is gone')
    if (run.kind === 'restore') return this.#restore(run, { leaseMs, clientId: run.client_id, repositoryId: run.repository_id })
    if (run.kind !== 'backup') return impossible('only the server carries out runs of this kind')
    const plan = run.plan_id === null ? undefined : await this.#options.plans.definitionOf(run.plan_id)
    if (plan === undefined) return impossible('its plan is gone')
    const { hooks, limits } = await this.#options.clients.effective(run.client_id, plan.definition)
    const zone = namedTimeZone(plan.definition.schedule.timeZone)
    if (run.trigger !== 'manual' && afterBlackouts(now, limits.blackouts, zone) !== now) return { kind: 'wait' }
    const { name: planName, definition } = plan
    const order = { kind: 'backup', runId: run.id, planName, repositoryId: run.repository_id, definition, hooks, limits, leaseMs } as const
    return { kind: 'go', order }
  }

  async #restore(
    run: StoredRun,
    { leaseMs, clientId, repositoryId }: { readonly leaseMs: number; readonly clientId: number; readonly repositoryId: number },
  ): Promise<Readiness> {
    const { limits } = await this.#options.clients.effective(clientId, undefined)
    const restore = JSON.parse(run.request) as RestoreOrder
    return { kind: 'go', order: { kind: 'restore', runId: run.id, repositoryId, restore, limits, leaseMs } }
  }
}

function impossible(reason: string): Readiness {
  return { kind: 'impossible', reason }
}
