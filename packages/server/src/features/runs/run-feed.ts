import type { Clock } from '@holdfast/engine'
import type { Run, RunLogEntry } from '@holdfast/protocol'
import { type LiveProgress, toLogEntry, toRun } from './run-view.ts'
import type { RunStore, StoredRun } from './store.ts'

/** How often changes that other server processes made are looked for. */
const POLL_MS = 1000
/** How far clocks of servers may differ before a listener misses a change. */
const SKEW_MS = 10_000
/** Reports of progress that come faster are passed over. */
const PROGRESS_MS = 500
const PROGRESS_TIMES_MAX = 5000
const CHANGES_MAX = 500

/** Somebody who watches runs. */
export interface RunListener {
  /** Whether a run is to be told of. */
  wants(run: StoredRun): boolean
  /** The runs whose log is wanted. */
  readonly logsOf: ReadonlySet<number>
  onRun(run: Run, changedAt: number): void
  onLog(runId: number, entries: readonly RunLogEntry[]): void
}

export interface RunFeedOptions {
  readonly store: RunStore
  readonly live: LiveProgress
  readonly clock: Clock
  /** Whether other processes use the same database. */
  readonly isShared: boolean
}

/** Tells listeners what happens to runs: in this process at once, in others within a second or so. */
export class RunFeed {
  readonly #options: RunFeedOptions
  readonly #listeners = new Map<RunListener, Map<number, number>>()
  readonly #toldAt = new Map<number, number>()
  readonly #progressAt = new Map<number, number>()
  #polledAt = 0
  #isPolling = false
  #stopPolling: (() => void) | undefined

  constructor(options: RunFeedOptions) {
    this.#options = options
  }

  /** Tells a listener of everything from now on; returns what ends that. */
  subscribe(listener: RunListener): () => void {
    this.#listeners.set(listener, new Map())
    if (this.#options.isShared && this.#stopPolling === undefined) {
      this.#polledAt = this.#options.clock.now()
      this.#stopPolling = this.#options.clock.every(POLL_MS, () => void this.poll())
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#stopPolling?.()
      this.#stopPolling = undefined
      this.#toldAt.clear()
    }
  }

  /** A run has another state than before. */
  changed(run: StoredRun): void {
    if (run.finished_at !== null) this.#progressAt.delete(run.id)
    if (this.#listeners.size > 0) this.#tell(run)
  }

  /** A run has come further. Given several times in half a second, only the first is told. */
  progressed(run: StoredRun): void {
    const now = this.#options.clock.now()
    const last = this.#progressAt.get(run.id)
    if (this.#listeners.size === 0 || (last !== undefined && Math.abs(now - last) < PROGRESS_MS)) return
    // Runs that end in other processes leave their times behind.
    if (this.#progressAt.size >= PROGRESS_TIMES_MAX) this.#progressAt.clear()
    this.#progressAt.set(run.id, now)
    this.#tell(run)
  }

  /** Lines were added to a run's log. */
  logged(runId: number, entries: readonly RunLogEntry[]): void {
    for (const [listener, lastIds] of this.#listeners) {
      if (!listener.logsOf.has(runId)) continue
      const fresh = entries.filter(({ id }) => id > (lastIds.get(runId) ?? 0))
      const last = fresh.at(-1)
      if (last === undefined) continue
      lastIds.set(runId, last.id)
      listener.onLog(runId, fresh)
    }
  }

  /** Looks for what other processes have changed. What is lost to a failure of the database is found the next time. */
  async poll(): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    try {
      await this.#pollRuns()
      await this.#pollLogs()
    } catch {
      // The database is away; listeners are told when it is back.
    } finally {
      this.#isPolling = false
    }
  }

  async #pollRuns(): Promise<void> {
    const now = this.#options.clock.now()
    // A clock that was set back is no reason to look in the future.
    const since = Math.min(this.#polledAt, now) - SKEW_MS
    const runs = await this.#options.store.changedSince(since, CHANGES_MAX)
    this.#polledAt = runs.length < CHANGES_MAX ? now : (runs.at(-1)?.changed_at ?? now) + SKEW_MS
    for (const run of runs) if (this.#toldAt.get(run.id) !== run.changed_at) this.#tell(run)
    for (const [id, changedAt] of this.#toldAt) if (changedAt < since) this.#toldAt.delete(id)
  }

  async #pollLogs(): Promise<void> {
    for (const [listener, lastIds] of [...this.#listeners]) {
      for (const runId of listener.logsOf) {
        const after = lastIds.get(runId)
        if (after === undefined) continue
        const lines = await this.#options.store.logLines([runId], { after, limit: CHANGES_MAX })
        if (lines.length > 0) this.logged(runId, lines.map(toLogEntry))
      }
    }
  }

  /** Says up to which line a listener has a log already, so that it gets each line once. */
  startLog(listener: RunListener, runId: number, lastId: number): void {
    const lastIds = this.#listeners.get(listener)
    if (lastIds !== undefined) lastIds.set(runId, Math.max(lastId, lastIds.get(runId) ?? 0))
  }

  #tell(run: StoredRun): void {
    if (this.#options.isShared) this.#toldAt.set(run.id, run.changed_at)
    const view = toRun(run, this.#options.live)
    for (const listener of this.#listeners.keys()) if (listener.wants(run)) listener.onRun(view, run.changed_at)
  }
}
