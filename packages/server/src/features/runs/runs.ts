import type { Clock } from '@holdfast/engine'
import type { RestoreOrder, Run, RunKind, RunLogPage, RunLogQuery, RunPage, RunQuery, RunTrigger } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import { sees, type UserActor, visibleOwner } from '../../http/actor.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import { LeasedRun, type RunHandle } from './run-handle.ts'
import { LEASE_MS, type RunEndedListener, type RunLifecycle } from './run-lifecycle.ts'
import { type LiveProgress, toLogEntry, toRun } from './run-view.ts'
import type { RunFilter, RunStore, RunToAdd, StoredRun } from './store.ts'

/** More runs of one plan than ever wait at once. */
const WITHDRAWN_MAX = 100
const STOPPED = { code: 'client.disabled', message: 'Stopped: the client, or the user whom it belongs to, was disabled' }

export interface RunsOptions {
  readonly store: RunStore
  readonly lifecycle: RunLifecycle
  readonly live: LiveProgress
  readonly clients: { isInService(clientId: number): Promise<boolean> }
  readonly audit: Audit
  readonly clock: Clock
  /** Which process this is: what leases name. */
  readonly processId: string
}

/** A run that waits for the agent of its client, or for the server when the client is the server itself. */
export type NewRun =
  | {
      readonly kind: 'backup'
      readonly clientId: number
      readonly planId: number
      readonly repositoryId: number
      readonly trigger: RunTrigger
    }
  | {
      readonly kind: 'restore'
      readonly clientId: number
      readonly repositoryId: number
      readonly restore: RestoreOrder
      readonly trigger: RunTrigger
    }

/** A run that this process carries out at once. */
export interface RunToBegin {
  readonly kind: RunKind
  readonly trigger: RunTrigger
  readonly clientId?: number
  readonly planId?: number
  readonly repositoryId?: number
  /** JSON of what is to be done, for whoever repeats it. */
  readonly request?: string
  readonly retryOf?: number
}

/** Runs as people and other features see them. */
export class Runs {
  readonly #options: RunsOptions

  constructor(options: RunsOptions) {
    this.#options = options
  }

  /** Calls `listener` for every run that ends from now on, once for each on the whole installation. */
  onRunEnded(listener: RunEndedListener): void {
    this.#options.lifecycle.onRunEnded(listener)
  }

  /** Adds a pending run. Who may do this is for the caller to know. */
  async create(run: NewRun): Promise<Run> {
    return this.#view(await this.#options.lifecycle.create(rowOf(run)))
  }

  /** As {@link create}, unless one like it waits or runs, of the same plan say; undefined then: of several at once, one is added. */
  async createUnlessActive(run: NewRun): Promise<Run | undefined> {
    const added = await this.#options.lifecycle.createUnlessActive(rowOf(run))
    return added && this.#view(added)
  }

  /**
   * Begins a run that this process carries out, maintenance say, and gives what it is reported through.
   * @throws {ServerError} `request.conflict` when it is of a client that carries out another one.
   */
  async begin(run: RunToBegin): Promise<RunHandle> {
    const { lifecycle, clock, store, processId } = this.#options
    const now = clock.now()
    const begun = await lifecycle.create({
      kind: run.kind,
      state: 'running',
      trigger: run.trigger,
      client_id: run.clientId ?? null,
      plan_id: run.planId ?? null,
      repository_id: run.repositoryId ?? null,
      ...(run.request === undefined ? {} : { request: run.request }),
      ...(run.retryOf === undefined ? {} : { retry_of: run.retryOf }),
      started_at: now,
      claim_count: 1,
      lease_holder: `server ${processId}`,
      lease_expires_at: now + LEASE_MS,
    })
    return new LeasedRun(begun, { store, lifecycle, clock })
  }

  /** Gives up runs of a plan that wait. With `all`, also those that a person asked for, and those that run are told to stop. */
  async withdraw(planId: number, { all }: { readonly all: boolean }): Promise<void> {
    const { store, lifecycle } = this.#options
    for (const run of await store.list({ planId, states: ['pending', 'running'], limit: WITHDRAWN_MAX })) {
      if (!all && (run.trigger === 'manual' || run.state === 'running')) continue
      if ((await lifecycle.giveUp(run, null)) === undefined) await lifecycle.requestCancel(run)
    }
  }

  /** Ends all runs of a client that may do nothing any more. */
  async stopClient(clientId: number): Promise<void> {
    const { store, lifecycle } = this.#options
    for (;;) {
      const runs = await store.list({ clientId, states: ['pending', 'running'], limit: WITHDRAWN_MAX })
      for (const run of runs) await lifecycle.stop(run, STOPPED)
      if (runs.length < WITHDRAWN_MAX) return
    }
  }

  /** Whether a plan is being carried out. */
  async isRunning(planId: number): Promise<boolean> {
    return (await this.#options.store.list({ planId, states: ['running'], limit: 1 })).length > 0
  }

  /** One page of the runs that somebody may see, newest first. */
  async list(actor: UserActor, query: RunQuery): Promise<RunPage> {
    const runs = await this.#options.store.list({ ...filterOf(query), ownerId: visibleOwner(actor), limit: query.limit + 1 })
    const items = runs.slice(0, query.limit).map((run) => this.#view(run))
    const last = items.at(-1)
    return { items, next: runs.length > query.limit && last !== undefined ? String(last.id) : null }
  }

  /** @throws {ServerError} `not-found` for runs that are not there or not the actor's. */
  async get(actor: UserActor, id: number): Promise<Run> {
    return this.#view(await this.visible(actor, id))
  }

  /** A run as it is stored. @throws {ServerError} `not-found` for runs that are not there or not the actor's. */
  async visible(actor: UserActor, id: number): Promise<StoredRun> {
    const run = await this.#options.store.find(id)
    if (run === undefined || !sees(actor, run.owner_id)) throw notFound(`the run ${id}`)
    return run
  }

  /** One page of a run's log. @throws {ServerError} `not-found`. */
  async log(actor: UserActor, id: number, { cursor, limit, order = 'oldest' }: LogQuery): Promise<RunLogPage> {
    const { store } = this.#options
    await this.visible(actor, id)
    const from = readCursor(cursor)
    const lines =
      order === 'newest'
        ? await store.lastLogLines(id, { before: from, limit: limit + 1 })
        : await store.logLines([id], { after: from ?? 0, limit: limit + 1 })
    const items = lines.slice(0, limit).map(toLogEntry)
    return { items, next: lines.length > limit ? String(items.at(-1)?.id ?? '') : null }
  }

  /**
   * Cancels a run: one that is pending at once, one that runs when its holder hears of it.
   * @throws {ServerError} `not-found`; `request.conflict` when it has ended.
   */
  async cancel(actor: UserActor, id: number, origin: Origin): Promise<Run> {
    const { lifecycle, audit } = this.#options
    const run = await this.visible(actor, id)
    const cancelled = (await lifecycle.giveUp(run, null)) ?? (await lifecycle.requestCancel(run))
    if (cancelled === undefined || !['running', 'cancelled'].includes(cancelled.state)) {
      throw new ServerError('request.conflict', `Cannot cancel run ${id}: it has ended`)
    }
    await audit.record(origin, { action: 'run.cancelled', subject: `run ${id}` })
    return this.#view(cancelled)
  }

  /**
   * Makes a new run that does what one that failed or was cancelled was to do.
   * @throws {ServerError} `not-found`; `request.conflict` when it has not failed, when its plan, or the same restore, waits or runs
   * already, and for runs that the server begins by itself.
   */
  async retry(actor: UserActor, id: number, origin: Origin): Promise<Run> {
    const { lifecycle, audit } = this.#options
    const run = await this.visible(actor, id)
    const clientId = await this.#demandRetriable(run)
    const added = await lifecycle.createUnlessActive({
      kind: run.kind,
      client_id: clientId,
      plan_id: run.plan_id,
      repository_id: run.repository_id,
      request: run.request,
      // As somebody asked for it, no blackout holds it back.
      trigger: 'manual',
      retry_of: run.id,
    })
    if (added === undefined) {
      const alike = run.plan_id === null ? 'the same restore' : 'its plan'
      throw new ServerError('request.conflict', `Cannot retry run ${id}: ${alike} waits or runs already`)
    }
    await audit.record(origin, { action: 'run.retried', subject: `run ${id}`, detail: { newRun: added.id } })
    return this.#view(added)
  }

  /** Gives the client of a run that can be done again. */
  async #demandRetriable({ id, kind, state, client_id, plan_id, repository_id }: StoredRun): Promise<number> {
    const { clients } = this.#options
    const refuse = (why: string): never => {
      throw new ServerError('request.conflict', `Cannot retry run ${id}: ${why}`)
    }
    if (state !== 'error' && state !== 'cancelled') refuse(`it is ${state}`)
    if (kind !== 'backup' && kind !== 'restore') refuse('runs of this kind are begun from their repository')
    if (client_id === null || repository_id === null) return refuse('its client or its repository is gone')
    if (!(await clients.isInService(client_id))) refuse('its client, or the user whom that belongs to, is disabled')
    if (kind === 'backup' && plan_id === null) refuse('its plan is gone')
    return client_id
  }

  #view(run: StoredRun): Run {
    return toRun(run, this.#options.live)
  }
}

type LogQuery = Pick<RunLogQuery, 'cursor' | 'limit'> & Partial<Pick<RunLogQuery, 'order'>>

function filterOf(query: RunQuery): Omit<RunFilter, 'limit' | 'ownerId'> {
  const { clientId, planId, repositoryId, state, kind, since, until } = query
  return {
    clientId,
    planId,
    repositoryId,
    states: state,
    kinds: kind,
    before: readCursor(query.cursor),
    ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  }
}

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new ServerError('request.invalid', 'Cannot take the cursor: it is none that a page gave')
}

function rowOf(run: NewRun): Omit<RunToAdd, 'created_at'> & { readonly client_id: number } {
  return {
    kind: run.kind,
    client_id: run.clientId,
    repository_id: run.repositoryId,
    trigger: run.trigger,
    ...(run.kind === 'backup' ? { plan_id: run.planId } : { request: JSON.stringify(run.restore) }),
  }
}
