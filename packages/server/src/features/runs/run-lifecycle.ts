import type { Clock } from '@holdfast/engine'
import type { FinishRun, LogEntry, Run, RunError, RunProgress } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import type { RunFeed } from './run-feed.ts'
import { type LiveProgress, toLogEntry, toRun } from './run-view.ts'
import type { RunStore, RunToAdd, StoredRun } from './store.ts'
import type { WorkBell } from './work-bell.ts'

/** How long a run is believed to live after its holder was heard of. */
export const LEASE_MS = 120_000
/** How often a backup is tried whose process died. */
const ATTEMPTS_MAX = 3
const RETRY_AFTER_MS = 60_000
/** Whoever ends a run tells of it at once. When it has not after so long, it has died, and others tell. */
const TELL_AFTER_MS = 60_000
/** The error of a run whose holder is gone. */
const LOST = 'run.lost'
/** The error of a run whose holder was stopped in good order. */
const INTERRUPTED = 'run.interrupted'
/** The error of a run that nobody took in time. */
export const MISSED = { code: 'run.missed', message: 'Missed: nobody took it in time, and its plan makes nothing up for it' }
/** Leases and progress are written so often at most; progress in between is kept in memory. */
const WRITE_EVERY_MS = 5000
/** What is kept of one run's log. */
const LOG_BYTES_MAX = 4 * 1024 * 1024
/** What a line costs beside its text. */
const LINE_BYTES = 50

/** A run that has come to its end, for those who want to know. */
export interface EndedRun {
  readonly run: Run
  /** Of the run's client; null for runs of no client. */
  readonly ownerId: number | null
  /** Told late, by another process, when a later run of the same kind has ended already: how things are now is what that one says. */
  readonly isOvertaken: boolean
}

/**
 * Called once for each run that ends, by the process that ended it; when that dies before it has told all, by another one or after its
 * next start, perhaps a second time. Failures are the listener's own affair.
 */
export type RunEndedListener = (ended: EndedRun) => void | Promise<void>

/** What the holder of a run has to say. */
export interface RunReport {
  readonly progress?: RunProgress | undefined
  readonly log?: readonly LogEntry[]
}

export interface RunLifecycleOptions {
  readonly store: RunStore
  readonly clock: Clock
  readonly feed: RunFeed
  readonly bell: WorkBell
  readonly live: LiveProgress
}

/** Every step that a run takes from its beginning to its end, each told to those who watch. */
export class RunLifecycle {
  readonly #store: RunStore
  readonly #clock: Clock
  readonly #feed: RunFeed
  readonly #bell: WorkBell
  readonly #live: LiveProgress
  readonly #endedListeners: RunEndedListener[] = []

  constructor({ store, clock, feed, bell, live }: RunLifecycleOptions) {
    this.#store = store
    this.#clock = clock
    this.#feed = feed
    this.#bell = bell
    this.#live = live
  }

  onRunEnded(listener: RunEndedListener): void {
    this.#endedListeners.push(listener)
  }

  /** Adds a run, pending unless it says otherwise. @throws {ServerError} `request.conflict` when it is to run and its client is busy. */
  async create(run: Omit<RunToAdd, 'created_at'>): Promise<StoredRun> {
    const added = await this.#store.add({ created_at: this.#clock.now(), ...run })
    if (added === undefined) throw new ServerError('request.conflict', 'Cannot begin the run: the client carries out another one')
    this.created(added)
    return added
  }

  /** Adds a pending run unless one like it waits or runs, see {@link RunStore.addUnlessActive}; undefined then. */
  async createUnlessActive(run: Omit<RunToAdd, 'created_at'> & { readonly client_id: number }): Promise<StoredRun | undefined> {
    const added = await this.#store.addUnlessActive({ created_at: this.#clock.now(), ...run })
    if (added !== undefined) this.created(added)
    return added
  }

  /** Tells of a run that was added elsewhere, in a transaction of the scheduler. */
  created(run: StoredRun): void {
    this.#feed.changed(run)
    if (run.state === 'pending' && run.client_id !== null) this.#bell.ring(run.client_id)
  }

  /** Hands a pending run to a holder. Undefined when somebody was faster or its client is busy. */
  async take(run: StoredRun, holder: string): Promise<StoredRun | undefined> {
    const now = this.#clock.now()
    const taken = await this.#store.take(run.id, { holder, now, untilMs: now + LEASE_MS })
    if (taken !== undefined) this.#feed.changed(taken)
    return taken
  }

  /** Hands a run to its holder again, whose answer was lost. */
  async takeAgain(run: StoredRun): Promise<StoredRun | undefined> {
    const changes = { claim_count: run.claim_count + 1, lease_expires_at: this.#clock.now() + LEASE_MS }
    return this.#store.change(run.id, changes, { states: ['running'] })
  }

  /**
   * Takes a report of a running run and renews its lease. Gives the run as it is now.
   * @throws {ServerError} `request.conflict` when the run is not running any more.
   */
  async report(run: StoredRun, { progress, log = [] }: RunReport): Promise<StoredRun> {
    const now = this.#clock.now()
    if (run.state !== 'running') throw new ServerError('request.conflict', `Cannot take a report of run ${run.id}: it is ${run.state}`)
    if (progress !== undefined) this.#live.set(run.id, progress, now)
    const current = await this.#renew(run, progress)
    if (progress !== undefined) this.#feed.progressed(current)
    if (log.length > 0) await this.log(current, log)
    return current
  }

  /** Adds lines to a run's log, as far as there is room. */
  async log(run: StoredRun, entries: readonly LogEntry[]): Promise<void> {
    if (run.log_bytes > LOG_BYTES_MAX) return
    let total = run.log_bytes
    const kept: LogEntry[] = []
    for (const entry of entries) {
      total += Buffer.byteLength(entry.message) + LINE_BYTES
      if (total > LOG_BYTES_MAX) {
        kept.push({ at: entry.at, level: 'warning', message: 'The log is full: what follows is not kept' })
        break
      }
      // PostgreSQL takes no NUL in texts.
      kept.push({ ...entry, message: entry.message.replaceAll('\0', '\uFFFD') })
    }
    const added = await this.#store.addLog(run.id, kept, total - run.log_bytes)
    this.#feed.logged(run.id, added.map(toLogEntry))
  }

  /**
   * Ends a running run as its holder says. The same said again changes nothing. A backup that was interrupted is tried again, like one
   * whose holder died.
   * @throws {ServerError} `request.conflict` when it has ended otherwise.
   */
  async finish(run: StoredRun, outcome: FinishRun): Promise<StoredRun> {
    const ended = await this.#end(run, outcome, {})
    if (ended !== undefined) return ended
    const present = (await this.#store.find(run.id)) ?? run
    if (present.state === outcome.state && present.snapshot_id === outcome.snapshotId) return present
    throw new ServerError('request.conflict', `Cannot finish run ${run.id}: it is ${present.state} already`)
  }

  /** Ends a pending run that nobody shall take any more; undefined when it is not pending. */
  async giveUp(run: StoredRun, error: RunError | null): Promise<StoredRun | undefined> {
    const now = this.#clock.now()
    const changes = { state: 'cancelled', finished_at: now, changed_at: now, error: error && JSON.stringify(error) } as const
    const tellAt = now + TELL_AFTER_MS
    const isMissed = Number(error?.code === MISSED.code)
    const ended = await this.#store.change(run.id, { ...changes, is_missed: isMissed, tell_at: tellAt }, { states: ['pending'] })
    if (ended !== undefined) this.#ended(ended)
    return ended
  }

  /** Ends a run that waits or runs, whoever has it; what its holder says of it afterwards is refused. Undefined when it has ended. */
  async stop(run: StoredRun, error: RunError): Promise<StoredRun | undefined> {
    return (await this.giveUp(run, error)) ?? this.#end(run, { state: 'cancelled', snapshotId: null, statistics: null, error }, {})
  }

  /** Tells of runs whose end was told to nobody, as the process that ended them died, and has backups tried again that it was to. */
  async tellOfUntold(): Promise<void> {
    const now = this.#clock.now()
    for (const run of await this.#store.takeUntold({ now, until: now + TELL_AFTER_MS })) {
      if (isToBeRepeated(run) && run.plan_id !== null && !(await this.#store.isRetried(run.id, run.plan_id))) await this.#tryAgain(run)
      await this.#tell(run, { run: toRun(run, this.#live), ownerId: run.owner_id, isOvertaken: await this.#store.isOvertaken(run) })
    }
  }

  /** Asks the holder of a running run to stop; undefined when it is not running. Asking twice is as good as once. */
  async requestCancel(run: StoredRun): Promise<StoredRun | undefined> {
    if (run.cancel_requested_at !== null) return run
    const now = this.#clock.now()
    const changed = await this.#store.change(run.id, { cancel_requested_at: now, changed_at: now }, { states: ['running'] })
    if (changed !== undefined) this.#feed.changed(changed)
    return changed
  }

  /** Ends a run whose holder is gone, and has a backup tried again; undefined when the holder was heard of meanwhile. */
  async lose(run: StoredRun): Promise<StoredRun | undefined> {
    const now = this.#clock.now()
    const isCancelled = run.cancel_requested_at !== null
    const message = isCancelled
      ? 'Cancelled; whoever carried it out has not confirmed it'
      : `Cannot finish: nothing was heard of ${describeHolder(run.lease_holder)} for ${LEASE_MS / 1000} s`
    const outcome = { snapshotId: null, statistics: null, error: { code: isCancelled ? 'run.cancelled' : LOST, message } }
    const where = isCancelled ? {} : { leaseExpiredAt: now }
    return this.#end(run, { state: isCancelled ? 'cancelled' : 'error', ...outcome }, where)
  }

  async #renew(run: StoredRun, progress: RunProgress | undefined): Promise<StoredRun> {
    const now = this.#clock.now()
    const writtenAt = (run.lease_expires_at ?? 0) - LEASE_MS
    const isRecent = now >= writtenAt && now - writtenAt < WRITE_EVERY_MS
    if (isRecent && (progress === undefined || run.progress !== null)) return run
    const changes = progress === undefined ? {} : { progress: JSON.stringify(progress), changed_at: now }
    const renewed = await this.#store.change(run.id, { lease_expires_at: now + LEASE_MS, ...changes }, { states: ['running'] })
    if (renewed !== undefined) return renewed
    throw new ServerError('request.conflict', `Cannot take a report of run ${run.id}: it has ended`)
  }

  async #end(run: StoredRun, outcome: FinishRun, where: { readonly leaseExpiredAt?: number }): Promise<StoredRun | undefined> {
    const now = this.#clock.now()
    const progress = this.#live.get(run.id, run.changed_at)
    const changes = {
      state: outcome.state,
      finished_at: now,
      changed_at: now,
      lease_holder: null,
      lease_expires_at: null,
      tell_at: now + TELL_AFTER_MS,
      snapshot_id: outcome.snapshotId,
      statistics: outcome.statistics && JSON.stringify(outcome.statistics),
      error: outcome.error && JSON.stringify(outcome.error),
      ...(progress === undefined ? {} : { progress: JSON.stringify(progress) }),
    }
    const ended = await this.#store.end(run.id, changes, where)
    if (ended === undefined) return undefined
    // Before the end is noted as told: until then, somebody else does both when this process dies.
    if (isToBeRepeated(ended)) await this.#tryAgain(ended)
    this.#ended(ended)
    return ended
  }

  async #tryAgain(lost: StoredRun): Promise<void> {
    if (lost.kind !== 'backup' || lost.plan_id === null || lost.attempt >= ATTEMPTS_MAX) return
    if (await this.#store.isPlanActive(lost.plan_id)) return
    await this.create({
      kind: lost.kind,
      client_id: lost.client_id,
      plan_id: lost.plan_id,
      repository_id: lost.repository_id,
      request: lost.request,
      trigger: 'retry',
      retry_of: lost.id,
      attempt: lost.attempt + 1,
      not_before: this.#clock.now() + RETRY_AFTER_MS * 2 ** (lost.attempt - 1),
    })
  }

  #ended(run: StoredRun): void {
    const view = toRun(run, this.#live)
    this.#live.drop(run.id)
    this.#feed.changed(run)
    if (run.client_id !== null) this.#bell.ring(run.client_id)
    void this.#tell(run, { run: view, ownerId: run.owner_id, isOvertaken: false })
  }

  async #tell({ id }: StoredRun, ended: EndedRun): Promise<void> {
    await Promise.all(this.#endedListeners.map((listener) => call(listener, ended)))
    // Where this cannot be noted it is told again: better twice than never.
    await this.#store.told(id).catch(() => undefined)
  }
}

/** Whether whoever carried a run out has died or was stopped in good order. */
function isToBeRepeated({ state, error }: StoredRun): boolean {
  if (state !== 'error' || error === null) return false
  const { code } = JSON.parse(error) as RunError
  return code === INTERRUPTED || code === LOST
}

async function call(listener: RunEndedListener, ended: EndedRun): Promise<void> {
  try {
    await listener(ended)
  } catch {
    // What has ended has ended: a listener that fails changes nothing about it, and says so itself.
  }
}

function describeHolder(holder: string | null): string {
  return holder?.startsWith('agent ') === true ? 'the agent' : 'the server process that carried it out'
}
