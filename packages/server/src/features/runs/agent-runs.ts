import type { Clock } from '@holdfast/engine'
import type { FinishRun, RestoreOrder, RunEvents, RunOrder } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { AgentActor } from '../../http/actor.ts'
import type { RunDispatch } from './run-dispatch.ts'
import { LEASE_MS, type RunLifecycle } from './run-lifecycle.ts'
import type { RunStore, StoredRun } from './store.ts'
import type { WorkBell } from './work-bell.ts'

/** A run whose answer is lost so often is not handed out again: it may be what ends the agent. */
const CLAIMS_MAX = 3

export interface AgentRunsOptions {
  readonly store: RunStore
  readonly lifecycle: RunLifecycle
  readonly dispatch: RunDispatch
  readonly bell: WorkBell
  readonly clock: Clock
}

export interface ClaimOptions {
  /** Which process of the agent asks. */
  readonly instance: string
  readonly waitMs: number
  readonly signal?: AbortSignal
}

/** A restore that a process of an agent begins. */
export interface RestoreToBegin {
  readonly instance: string
  readonly repositoryId: number
  readonly restore: RestoreOrder
}

/** A backup that a client has carried out by itself. */
export interface BackupCarriedOut {
  readonly clientId: number
  readonly planId: number
  readonly repositoryId: number
  /** As the client knows it; perhaps nobody else does. */
  readonly runId: number
  /** What the client has to say of it. */
  readonly message: string
}

/** Runs as agents see them: theirs alone. */
export class AgentRuns {
  readonly #options: AgentRunsOptions

  constructor(options: AgentRunsOptions) {
    this.#options = options
  }

  /** The next run for an agent; undefined when none came within `waitMs`. */
  async claim(agent: AgentActor, options: ClaimOptions): Promise<RunOrder | undefined> {
    return (await this.claimBeside(agent, options, async () => undefined)).order
  }

  /** As {@link claim}, or what `other` gives when it gives something first. */
  async claimBeside<Other>(
    { clientId }: AgentActor,
    { instance, waitMs, signal }: ClaimOptions,
    other: () => Promise<Other | undefined>,
  ): Promise<{ readonly order?: RunOrder | undefined; readonly other?: Other | undefined }> {
    const { bell, clock } = this.#options
    const deadline = clock.now() + waitMs
    for (;;) {
      // What is handed to nobody would be lost until its lease ends.
      if (signal?.aborted === true) return {}
      const order = await this.#tryClaim(clientId, holderOf(clientId, instance))
      if (order !== undefined) return { order }
      const found = await other()
      const restMs = Math.min(deadline - clock.now(), waitMs)
      if (found !== undefined || restMs <= 0 || bell.isClosed) return { other: found }
      await bell.wait(clientId, { waitMs: restMs, ...(signal === undefined ? {} : { signal }) })
    }
  }

  /** Whether a run waits for an agent, for the answer to its ping. */
  async hasWork(clientId: number): Promise<boolean> {
    const { store, clock } = this.#options
    return (await store.waiting([clientId], clock.now())).length > 0
  }

  /** Whether a client is carrying out a run. */
  async isAtWork(clientId: number): Promise<boolean> {
    return (await this.#options.store.runningOf(clientId)) !== undefined
  }

  /** Takes progress and log. @throws {ServerError} `not-found` for runs of others, `request.conflict` for a run that has ended. */
  async report(agent: AgentActor, runId: number, { progress, log }: RunEvents): Promise<{ isCancelRequested: boolean; leaseMs: number }> {
    const run = await this.#options.lifecycle.report(await this.#own(agent, runId), { progress, log })
    return { isCancelRequested: run.cancel_requested_at !== null, leaseMs: LEASE_MS }
  }

  /** Ends a run. @throws {ServerError} `not-found` for runs of others, `request.conflict` when it has ended otherwise. */
  async finish(agent: AgentActor, runId: number, outcome: FinishRun): Promise<void> {
    await this.#options.lifecycle.finish(await this.#own(agent, runId), outcome)
  }

  /**
   * Begins a restore that the machine itself asks for, as a run of `instance`.
   * @throws {ServerError} `request.conflict` while the client carries out another run.
   */
  async beginRestore({ clientId }: AgentActor, { instance, repositoryId, restore }: RestoreToBegin): Promise<RunOrder> {
    const { lifecycle, dispatch, clock } = this.#options
    const now = clock.now()
    const run = await lifecycle.create({
      kind: 'restore',
      state: 'running',
      trigger: 'manual',
      client_id: clientId,
      repository_id: repositoryId,
      request: JSON.stringify(restore),
      started_at: now,
      claim_count: 1,
      lease_holder: holderOf(clientId, instance),
      lease_expires_at: now + LEASE_MS,
    })
    const order = await dispatch.order(run)
    if (order === undefined) throw new ServerError('request.conflict', `Cannot begin run ${run.id}: its client or its repository is gone`)
    return order
  }

  /**
   * Notes the end of a backup that a client has carried out by its own lights. It ends the run of that number or the one that waits; where
   * there is none, one is made. Gives its number.
   */
  async recordEnd(backup: BackupCarriedOut, outcome: Pick<FinishRun, 'state' | 'error'>): Promise<number> {
    const { store, lifecycle, clock } = this.#options
    const { clientId, planId, repositoryId, runId, message } = backup
    const holder = holderOf(clientId, 'itself')
    const open = await store.list({ planId, states: ['pending', 'running'], limit: 100 })
    const wanted = open.find(({ id }) => id === runId) ?? open[0]
    const taken = wanted?.state === 'pending' ? await lifecycle.take(wanted, holder) : wanted
    const now = clock.now()
    const begun = { state: 'running', started_at: now, claim_count: 1, lease_holder: holder, lease_expires_at: now + LEASE_MS } as const
    const run =
      taken ??
      (await lifecycle.create({
        ...{ kind: 'backup', trigger: 'schedule', client_id: clientId, plan_id: planId, repository_id: repositoryId },
        ...begun,
      }))
    if (message !== '')
      await lifecycle.log(run, [{ at: new Date(now).toISOString(), level: outcome.state === 'error' ? 'error' : 'info', message }])
    await lifecycle.finish(run, { ...outcome, snapshotId: null, statistics: null })
    return run.id
  }

  /** What a run of an agent restores. @throws {ServerError} `not-found` for runs of others and those that restore nothing now. */
  async restoring(agent: AgentActor, runId: number): Promise<{ readonly repositoryId: number; readonly restore: RestoreOrder }> {
    const { kind, state, repository_id, request } = await this.#own(agent, runId)
    if (kind !== 'restore' || state !== 'running' || repository_id === null) throw notFound(`a restore that is run ${runId}`)
    return { repositoryId: repository_id, restore: JSON.parse(request) as RestoreOrder }
  }

  async #tryClaim(clientId: number, holder: string): Promise<RunOrder | undefined> {
    const { store, lifecycle, dispatch } = this.#options
    const running = await store.runningOf(clientId)
    if (running === undefined) return (await dispatch.assign([clientId], holder))?.order
    if (running.lease_holder === holder && running.claim_count < CLAIMS_MAX && running.cancel_requested_at === null) {
      const order = await dispatch.order(running)
      if (order !== undefined) return (await lifecycle.takeAgain(running)) && order
    }
    // Another process of the agent may be at work still: its lease decides.
    await lifecycle.lose(running)
    return undefined
  }

  async #own({ clientId }: AgentActor, runId: number): Promise<StoredRun> {
    const run = await this.#options.store.find(runId)
    if (run === undefined || run.client_id !== clientId) throw notFound(`the run ${runId}`)
    return run
  }
}

/** How leases name a process of an agent. */
function holderOf(clientId: number, instance: string): string {
  return `agent ${clientId} ${instance}`
}
