import { type Clock, messageOf } from '@holdfast/engine'
import type { RunOrder } from '@holdfast/protocol'
import type { Assignment, RunDispatch } from './run-dispatch.ts'
import { LeasedRun, type RunHandle, type RunOutcome } from './run-handle.ts'
import { INTERRUPTED, type RunLifecycle } from './run-lifecycle.ts'
import type { RunStore } from './store.ts'

const LOOK_EVERY_MS = 2000

/** Carries out one order, and says what came of it. What it throws ends the run with an error. */
export type Executor = (order: RunOrder, context: RunHandle) => Promise<RunOutcome>

export interface ServerRunnerOptions {
  readonly store: RunStore
  readonly lifecycle: RunLifecycle
  readonly dispatch: RunDispatch
  readonly clock: Clock
  readonly processId: string
}

/** Carries out the runs of the clients that are the server itself, one at a time for each. */
export class ServerRunner {
  readonly #options: ServerRunnerOptions
  readonly #active = new Map<Promise<void>, AbortController>()
  #executor: Executor | undefined
  #stopLooking: (() => void) | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(options: ServerRunnerOptions) {
    this.#options = options
  }

  /** Begins to look for runs. Without an executor, runs of the server's own clients stay pending. */
  start(executor: Executor): void {
    this.#executor = executor
    this.#stopLooking ??= this.#options.clock.every(LOOK_EVERY_MS, () => {
      this.#looking = this.#looking.then(() => this.look()).catch(() => undefined)
    })
  }

  /** Takes no more runs, and interrupts those that are under way; backups are tried again when a server runs. */
  async stop(): Promise<void> {
    this.#stopLooking?.()
    this.#stopLooking = undefined
    await this.#looking
    this.#executor = undefined
    for (const stopping of this.#active.values()) stopping.abort(new Error('The server stops'))
    await Promise.allSettled(this.#active.keys())
  }

  /** Takes what waits now, and begins to carry it out. */
  async look(): Promise<void> {
    const { store, dispatch, processId } = this.#options
    const executor = this.#executor
    if (executor === undefined) return
    for (const clientId of await store.localClients()) {
      if ((await store.runningOf(clientId)) !== undefined) continue
      const assignment = await dispatch.assign([clientId], `server ${processId}`)
      if (assignment !== undefined) this.#begin(assignment, executor)
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#active.keys())
  }

  #begin(assignment: Assignment, executor: Executor): void {
    const stopping = new AbortController()
    const done = this.#carryOut(assignment, { executor, stopping: stopping.signal }).finally(() => this.#active.delete(done))
    this.#active.set(done, stopping)
  }

  async #carryOut(
    { run, order }: Assignment,
    { executor, stopping }: { readonly executor: Executor; readonly stopping: AbortSignal },
  ): Promise<void> {
    const handle = new LeasedRun(run, this.#options)
    const signal = AbortSignal.any([handle.signal, stopping])
    const context: RunHandle = {
      id: handle.id,
      signal,
      progress: (progress) => handle.progress(progress),
      log: (level, text) => handle.log(level, text),
      finish: (outcome) => handle.finish(outcome),
    }
    const outcome = await executor(order, context).catch((error: unknown) =>
      failed(error, { isCancelled: handle.signal.aborted, stopping }),
    )
    // Taken away meanwhile, or the database is gone: the sweeper ends it.
    await handle.finish(outcome).catch(() => undefined)
  }
}

function failed(error: unknown, { isCancelled, stopping }: { readonly isCancelled: boolean; readonly stopping: AbortSignal }): RunOutcome {
  const nothing = { snapshotId: null, statistics: null }
  if (isCancelled) return { ...nothing, state: 'cancelled', error: null }
  const code = stopping.aborted ? INTERRUPTED : 'run.failed'
  return {
    ...nothing,
    state: 'error',
    error: { code, message: stopping.aborted ? 'Interrupted: the server was stopped' : messageOf(error) },
  }
}
