import type { Clock } from '@holdfast/engine'
import {
  type Blackout,
  type ChangePlan,
  type Hooks,
  idSchema,
  type Limits,
  type NewPlan,
  type Plan,
  type PlanDefinition,
  type PlanPage,
  type PlanQuery,
  type PreviewSchedule,
  type Retention,
  type Run,
  type RunStatistics,
  type RunTimes,
} from '@holdfast/protocol'
import { z } from 'zod'
import { notFound, ServerError } from '../../errors.ts'
import { sees, type UserActor, visibleOwner } from '../../http/actor.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import { type Departure, Timetable } from '../scheduling/timetable.ts'
import { checkBlackouts, checkDefinition, checkName, checkSchedule } from './definition.ts'
import type { LastRun, PlanPosition, PlanStore, StoredPlan } from './store.ts'

const positionSchema = z.tuple([z.string().max(200), idSchema])

/** What plans need to know of clients. */
export interface PlanClients {
  /** @throws {ServerError} `not-found` for clients that are not there or not the actor's. */
  visible(actor: UserActor, clientId: number): Promise<unknown>
  /** What counts on a client for a plan, or for no plan: its own settings together with the plan's and the owner's. */
  effective(
    clientId: number,
    definition: PlanDefinition | undefined,
  ): Promise<{ readonly hooks: Hooks; readonly limits: Limits; readonly retention: Retention | null }>
}

/** What plans need of runs. */
export interface PlanRuns {
  /** Adds a pending run; undefined when one of the plan waits or runs already. */
  createUnlessActive(run: {
    readonly kind: 'backup'
    readonly clientId: number
    readonly planId: number
    readonly repositoryId: number
    readonly trigger: 'manual'
  }): Promise<Run | undefined>
  /** Gives up runs of a plan that wait. With `all`, also those that a person asked for, and those that run are told to stop. */
  withdraw(planId: number, options: { readonly all: boolean }): Promise<void>
  isRunning(planId: number): Promise<boolean>
}

export interface PlansOptions {
  readonly store: PlanStore
  readonly clients: PlanClients
  readonly runs: PlanRuns
  readonly audit: Audit
  readonly clock: Clock
}

/** Plans: what of a client is backed up, where to and when. */
export class Plans {
  readonly #options: PlansOptions

  constructor(options: PlansOptions) {
    this.#options = options
  }

  /** @throws {ServerError} `not-found` for clients and repositories that are not there; `request.invalid`. */
  async create(actor: UserActor, clientId: number, { plan, origin }: { readonly plan: NewPlan; readonly origin: Origin }): Promise<Plan> {
    const { clients } = this.#options
    await clients.visible(actor, clientId)
    return this.createFor(clientId, { plan, origin })
  }

  /** Adds a plan on behalf of the server or an agent, who have checked that they may. @throws {ServerError} as {@link create}. */
  async createFor(clientId: number, { plan, origin }: { readonly plan: NewPlan; readonly origin: Origin }): Promise<Plan> {
    const { name, repositoryId, isEnabled, ...definition } = plan
    checkName(name)
    checkDefinition(definition, this.#options.clock.now())
    return this.#add(clientId, { name, repositoryId, isEnabled, definition, origin })
  }

  /** Whether a client has a plan. */
  async hasAny(clientId: number): Promise<boolean> {
    return (await this.#options.store.list({ clientId })).length > 0
  }

  /** The plans of a client that the actor may see, or of all their clients. */
  async list(actor: UserActor, clientId?: number): Promise<Plan[]> {
    const { store, clients } = this.#options
    if (clientId !== undefined) await clients.visible(actor, clientId)
    const plans = await store.list({ clientId, ownerId: visibleOwner(actor) })
    return this.#views(plans)
  }

  /** Some of the plans of the actor's clients, by name. @throws {ServerError} `request.invalid` for a cursor that no page gave. */
  async page(actor: UserActor, { cursor, ...query }: PlanQuery): Promise<PlanPage> {
    const after = cursor === undefined ? undefined : parsePosition(cursor)
    const plans = await this.#options.store.page(query, { ownerId: visibleOwner(actor), after })
    const last = plans.at(-1)
    return { items: await this.#views(plans), next: last !== undefined && plans.length === query.limit ? formatPosition(last) : null }
  }

  /** @throws {ServerError} `not-found`. */
  async get(actor: UserActor, id: number): Promise<Plan> {
    return this.#view(await this.#visible(actor, id))
  }

  /** Changes a plan; its next time is computed anew. @throws {ServerError} `not-found`, `request.invalid`. */
  async change(
    actor: UserActor,
    id: number,
    { changes, origin }: { readonly changes: ChangePlan; readonly origin: Origin },
  ): Promise<Plan> {
    const { store, clock, audit, runs } = this.#options
    const stored = await this.#visible(actor, id)
    const { name = stored.name, isEnabled = stored.is_enabled === 1, repositoryId, ...parts } = changes
    const definition: PlanDefinition = { ...definitionOf(stored), ...withoutUndefined(parts) }
    checkName(name)
    checkDefinition(definition, clock.now())
    const repository_id = repositoryId === undefined ? stored.repository_id : await this.#repository(repositoryId)
    const nextRunAt = isEnabled ? await this.#nextRunAt(stored, definition) : null
    const changed = await store.change(id, {
      name,
      // Runs that wait or have begun keep theirs.
      repository_id,
      is_enabled: Number(isEnabled),
      definition: JSON.stringify(definition),
      next_run_at: nextRunAt,
      // What came due under the old schedule is judged no more.
      ...(isEnabled && changes.schedule === undefined ? {} : { overdue_at: null, is_overdue: 0 }),
    })
    if (changed === undefined) throw notFound(`the plan ${id}`)
    if (!isEnabled) await runs.withdraw(id, { all: false })
    await audit.record(origin, { action: 'plan.changed', subject: `plan ${id}`, detail: { name, changed: Object.keys(changes) } })
    return this.#view(changed)
  }

  /** Removes a plan; its snapshots and the history of its runs stay. @throws {ServerError} `not-found`. */
  async remove(actor: UserActor, id: number, origin: Origin): Promise<void> {
    const { store, audit, runs } = this.#options
    const { name, client_id } = await this.#visible(actor, id)
    await runs.withdraw(id, { all: true })
    await store.remove(id)
    await audit.record(origin, { action: 'plan.removed', subject: `plan ${id}`, detail: { name, clientId: client_id } })
  }

  /**
   * Has a plan carried out as soon as its client can, enabled or not. What waited of it already is replaced.
   * @throws {ServerError} `not-found`; `request.conflict` when it is being carried out, when somebody else asks for it at this
   * moment, and when its client is out of service.
   */
  async runNow(actor: UserActor, id: number, origin: Origin): Promise<Run> {
    const { runs, audit } = this.#options
    const { client_id, repository_id, client_disabled } = await this.#visible(actor, id)
    if (client_disabled === 1)
      throw new ServerError('request.conflict', `Cannot run plan ${id}: its client, or the user whom that belongs to, is disabled`)
    if (await runs.isRunning(id)) throw new ServerError('request.conflict', `Cannot run plan ${id}: it runs already`)
    await runs.withdraw(id, { all: true })
    const asked = { kind: 'backup', clientId: client_id, planId: id, repositoryId: repository_id, trigger: 'manual' } as const
    const run = await runs.createUnlessActive(asked)
    if (run === undefined) throw new ServerError('request.conflict', `Cannot run plan ${id}: somebody else has just begun that`)
    await audit.record(origin, { action: 'plan.run', subject: `plan ${id}`, detail: { runId: run.id } })
    return run
  }

  /** When a plan runs next, as if it were enabled. @throws {ServerError} `not-found`. */
  async runTimes(actor: UserActor, id: number, count: number): Promise<RunTimes> {
    const plan = await this.#visible(actor, id)
    const timetable = await this.timetable(plan)
    return toRunTimes(timetable.upcoming(this.#options.clock.now(), count))
  }

  /** When a schedule that is not stored would run. @throws {ServerError} `not-found` for a client, `request.invalid`. */
  async preview(actor: UserActor, { schedule, limits, clientId, count }: PreviewSchedule): Promise<RunTimes> {
    const { clock, clients } = this.#options
    if (clientId !== undefined) await clients.visible(actor, clientId)
    checkSchedule(schedule, clock.now())
    checkBlackouts(limits.blackouts)
    const inherited = clientId === undefined ? [] : (await clients.effective(clientId, undefined)).limits.blackouts
    const timetable = new Timetable({ schedule, blackouts: [...limits.blackouts, ...inherited], seed: 'preview' })
    return toRunTimes(timetable.upcoming(clock.now(), count))
  }

  /** Computes the next times of a client's plans anew, after its own settings have changed. What is out of service is not late. */
  async clientChanged(clientId: number, { isInService = true }: { readonly isInService?: boolean } = {}): Promise<void> {
    for (const plan of await this.#options.store.list({ clientId })) {
      if (plan.is_enabled === 0) continue
      const nextRunAt = await this.#nextRunAt(plan, definitionOf(plan))
      await this.#options.store.change(plan.id, { next_run_at: nextRunAt, ...(isInService ? {} : { overdue_at: null, is_overdue: 0 }) })
    }
  }

  /** A plan as it is stored now; undefined when it is gone. Whoever asks has checked that they may. */
  async definitionOf(id: number): Promise<{ readonly name: string; readonly definition: PlanDefinition } | undefined> {
    const plan = await this.#options.store.find(id)
    return plan && { name: plan.name, definition: definitionOf(plan) }
  }

  /** When a plan runs, with the blackouts of its client. */
  async timetable(plan: StoredPlan): Promise<Timetable> {
    const definition = definitionOf(plan)
    const { limits } = await this.#options.clients.effective(plan.client_id, definition)
    return timetableOf(plan.id, definition, limits.blackouts)
  }

  async #add(
    clientId: number,
    plan: Pick<NewPlan, 'name' | 'repositoryId' | 'isEnabled'> & { readonly definition: PlanDefinition; readonly origin: Origin },
  ): Promise<Plan> {
    const { store, clients, clock, audit } = this.#options
    const repositoryId = await this.#repository(plan.repositoryId)
    const { limits } = await clients.effective(clientId, plan.definition)
    const row = {
      client_id: clientId,
      repository_id: repositoryId,
      name: plan.name,
      is_enabled: Number(plan.isEnabled),
      definition: JSON.stringify(plan.definition),
      is_overdue: 0,
      created_at: clock.now(),
    }
    const firstTime = (id: number): number | null =>
      plan.isEnabled ? (timetableOf(id, plan.definition, limits.blackouts).next(clock.now())?.startsAt ?? null) : null
    const added = await store.add(row, firstTime)
    await audit.record(plan.origin, { action: 'plan.created', subject: `plan ${added.id}`, detail: { name: plan.name, clientId } })
    return this.#view(added)
  }

  /** The repository of an id, or the default one. @throws {ServerError} `not-found` */
  async #repository(id: number | undefined): Promise<number> {
    const found = await this.#options.store.repository(id)
    if (found === undefined) throw notFound(id === undefined ? 'a default repository' : `the repository ${id}`)
    return found
  }

  async #nextRunAt({ id, client_id }: StoredPlan, definition: PlanDefinition): Promise<number | null> {
    const { limits } = await this.#options.clients.effective(client_id, definition)
    return timetableOf(id, definition, limits.blackouts).next(this.#options.clock.now())?.startsAt ?? null
  }

  async #visible(actor: UserActor, id: number): Promise<StoredPlan> {
    const plan = await this.#options.store.find(id)
    if (plan === undefined || !sees(actor, plan.owner_id)) throw notFound(`the plan ${id}`)
    return plan
  }

  async #view(plan: StoredPlan): Promise<Plan> {
    return this.#viewWith(plan, await this.#options.store.lastRuns([plan.id]))
  }

  async #views(plans: readonly StoredPlan[]): Promise<Plan[]> {
    const lastRuns = await this.#options.store.lastRuns(plans.map(({ id }) => id))
    return Promise.all(plans.map((plan) => this.#viewWith(plan, lastRuns)))
  }

  async #viewWith(plan: StoredPlan, lastRuns: ReadonlyMap<number, LastRun>): Promise<Plan> {
    const definition = definitionOf(plan)
    const { retention } = await this.#options.clients.effective(plan.client_id, definition)
    const lastRun = lastRuns.get(plan.id)
    return {
      ...definition,
      id: plan.id,
      clientId: plan.client_id,
      clientName: plan.client_name,
      repositoryId: plan.repository_id,
      name: plan.name,
      isEnabled: plan.is_enabled === 1,
      isClientDisabled: plan.client_disabled === 1,
      nextRunAt: timeOf(plan.next_run_at),
      isOverdue: plan.is_overdue === 1,
      effectiveRetention: retention,
      lastRun: lastRun === undefined ? null : toLastRun(lastRun),
      createdAt: new Date(plan.created_at).toISOString(),
    }
  }
}

function toLastRun({ id, state, created_at, finished_at, statistics }: LastRun): Plan['lastRun'] {
  const { errorCount = 0 } = statistics === null ? {} : (JSON.parse(statistics) as RunStatistics)
  return { errorCount, id, state, createdAt: new Date(created_at).toISOString(), finishedAt: timeOf(finished_at) }
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function formatPosition({ name, id }: PlanPosition): string {
  return Buffer.from(JSON.stringify([name, id])).toString('base64url')
}

function parsePosition(cursor: string): PlanPosition {
  try {
    const [name, id] = positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    return { name, id }
  } catch {
    throw new ServerError('request.invalid', 'Cannot go on from there: the cursor is none that a page gave')
  }
}

function definitionOf(plan: Pick<StoredPlan, 'definition'>): PlanDefinition {
  return JSON.parse(plan.definition) as PlanDefinition
}

function timetableOf(planId: number, { schedule }: PlanDefinition, blackouts: readonly Blackout[]): Timetable {
  return new Timetable({ schedule, blackouts, seed: `plan ${planId}` })
}

function toRunTimes(departures: readonly Departure[]): RunTimes {
  const times = departures.map(({ dueAt, startsAt }) => ({
    dueAt: new Date(dueAt).toISOString(),
    startsAt: new Date(startsAt).toISOString(),
  }))
  return { times }
}

function withoutUndefined(parts: Partial<PlanDefinition> | ChangePlan): Partial<PlanDefinition> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}
