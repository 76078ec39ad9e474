import type { Clock } from '@holdfast/engine'
import type { MaintenanceSettings } from '@holdfast/protocol'
import { cadenceOf, readSettings } from './settings.ts'
import type { MaintenanceStore } from './store.ts'
import type { RepositoryTaskRow } from './tables.ts'
import { readTaskRequest } from './task-request.ts'

const LOOK_EVERY_MS = 10_000
/** Repositories that one process looks after at the same time: each takes a core. */
const AT_ONCE = 2
const REFRESH_EVERY_MS = 3_600_000
/** What failed is tried again after so long, unless its schedule says sooner. */
const RETRY_AFTER_MS = 6 * 3_600_000
const PUT_OFF_MS = 10 * 60_000

/** What came of a task: it was `done`, it `failed`, somebody `cancelled` it, or it is to be tried again soon (`later`). */
export type TaskEnd =
  | { readonly kind: 'done'; readonly runId?: number; readonly memory?: string | null }
  | { readonly kind: 'failed'; readonly runId?: number; readonly memory?: string | null; readonly damage?: string; readonly error: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'later' }

export interface KeeperOptions {
  readonly store: MaintenanceStore
  readonly clock: Clock
  /** Runs `action` unless another process holds the lease of that name; the signal is aborted when it is lost. */
  readonly exclusively: (name: string, action: (signal: AbortSignal) => Promise<void>) => Promise<void>
  /** Whether this process, not another one, is to do a task. */
  readonly isOurs: (task: RepositoryTaskRow) => Promise<boolean>
  /** Does a task. What it throws is a failure. */
  readonly carryOut: (task: RepositoryTaskRow, settings: MaintenanceSettings, signal: AbortSignal) => Promise<TaskEnd>
  readonly onFailure: (failure: { readonly repositoryId: number; readonly kind: string; readonly error: unknown }) => void
}

/** Has the tasks of repositories done when they are due, each by one process at a time, one at a time for each repository. */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #active = new Map<number, Promise<void>>()
  #stopping = new AbortController()
  #stopLooking: (() => void) | undefined
  #looking: Promise<void> | undefined

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#stopping = new AbortController()
    this.#stopLooking ??= this.#options.clock.every(LOOK_EVERY_MS, () => this.wake())
    this.wake()
  }

  /** Interrupts what is under way; it is begun again when a server runs. */
  async stop(): Promise<void> {
    this.#stopLooking?.()
    this.#stopLooking = undefined
    this.#stopping.abort(new Error('The server stops'))
    await this.#looking
    await this.settled()
  }

  /** Looks soon whether there is something to do. Before {@link start} nothing happens. */
  wake(): void {
    if (this.#stopLooking === undefined) return
    this.#looking ??= this.look()
      .catch((error: unknown) => this.#options.onFailure({ repositoryId: 0, kind: 'look', error }))
      .finally(() => {
        this.#looking = undefined
      })
  }

  /** Begins what is due now, as far as there is room. */
  async look(): Promise<void> {
    const { store, clock } = this.#options
    await this.#addMissing()
    for (const task of await store.due(clock.now())) {
      if (this.#active.size >= AT_ONCE) return
      if (this.#active.has(task.repository_id) || this.#stopping.signal.aborted) continue
      const done = this.#begin(task).finally(() => this.#active.delete(task.repository_id))
      this.#active.set(task.repository_id, done)
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#active.size > 0) await Promise.allSettled(this.#active.values())
  }

  async #addMissing(): Promise<void> {
    const { store, clock } = this.#options
    const known = new Set((await store.keys()).map(({ repository_id, kind }) => `${repository_id} ${kind}`))
    for (const { id, maintenance } of await store.repositories()) {
      const settings = readSettings(maintenance)
      for (const kind of ['maintenance', 'check', 'refresh'] as const) {
        if (known.has(`${id} ${kind}`)) continue
        await store.add({ repository_id: id, kind }, kind === 'refresh' ? clock.now() : nextDue(kind, settings, clock.now()))
      }
    }
  }

  async #begin(task: RepositoryTaskRow): Promise<void> {
    const { exclusively, isOurs, onFailure } = this.#options
    const { repository_id: repositoryId, kind } = task
    try {
      if (!(await isOurs(task))) return
      await exclusively(maintenanceLease(repositoryId), (signal) => this.#carryOut(task, AbortSignal.any([signal, this.#stopping.signal])))
    } catch (error) {
      onFailure({ repositoryId, kind, error })
    }
  }

  async #carryOut(found: RepositoryTaskRow, signal: AbortSignal): Promise<void> {
    const { store, clock, carryOut } = this.#options
    // Another process may have done it between the look and the lease.
    const task = await store.find(found)
    const now = clock.now()
    if (task === undefined || !isDue(task, now)) return
    const [{ maintenance } = { maintenance: undefined }] = (await store.repositories()).filter(({ id }) => id === task.repository_id)
    if (maintenance === undefined) return
    const settings = readSettings(maintenance)
    // Put off beforehand, so that what ends the process does not end it again and again.
    await store.change(task, { started_at: now, not_before: now + PUT_OFF_MS })
    const end = await carryOut(task, settings, signal).catch((error: unknown): TaskEnd => {
      this.#options.onFailure({ repositoryId: task.repository_id, kind: task.kind, error })
      return { kind: 'failed', error: error instanceof Error ? error.message : String(error) }
    })
    // What was interrupted is due as before.
    if (signal.aborted) return
    if (end.kind === 'later') return store.change(task, { not_before: clock.now() + PUT_OFF_MS })
    await this.#settle(task, end, settings)
  }

  async #settle(task: RepositoryTaskRow, end: Exclude<TaskEnd, { kind: 'later' }>, settings: MaintenanceSettings): Promise<void> {
    const { store, clock } = this.#options
    const now = clock.now()
    const scheduled = nextDue(task.kind, settings, now)
    // Who cancels it wants it when it is due again, and knows no more of the repository than before.
    if (end.kind === 'cancelled') {
      await store.change(task, { not_before: null, ...(isDryRun(task) ? {} : { due_at: scheduled }) })
      return store.settleRequest(task)
    }
    // What only said what would go takes nothing from what is due, and has nothing removed sooner.
    if (isDryRun(task)) {
      // An error stays with the run that it is of.
      await store.change(task, { not_before: null, ...(end.runId === undefined || task.error !== null ? {} : { run_id: end.runId }) })
      return store.settleRequest(task)
    }
    const failed = end.kind === 'failed'
    const retry = scheduled === null ? null : Math.min(scheduled, now + RETRY_AFTER_MS)
    await store.change(task, {
      due_at: failed ? retry : scheduled,
      not_before: null,
      error: failed ? end.error.slice(0, 2000) : null,
      ...(failed ? {} : { succeeded_at: now, damage: null }),
      ...(failed && end.damage !== undefined ? { damage: end.damage } : {}),
      // Null where it failed before there was a run.
      run_id: end.runId ?? null,
      ...(end.memory === undefined ? {} : { memory: end.memory }),
    })
    await store.settleRequest(task)
  }
}

/** The lease of whoever looks after a repository: one at a time. */
export function maintenanceLease(repositoryId: number): string {
  return `maintenance ${repositoryId}`
}

/** When a task is due after `now`; null for never. */
export function nextDue(kind: RepositoryTaskRow['kind'], { prune, check }: MaintenanceSettings, now: number): number | null {
  if (kind === 'refresh') return now + REFRESH_EVERY_MS
  return cadenceOf((kind === 'maintenance' ? prune : check).schedule)?.next(now) ?? null
}

function isDryRun({ kind, request }: RepositoryTaskRow): boolean {
  return kind === 'maintenance' && request !== null && readTaskRequest(request).dryRun
}

function isDue({ due_at, not_before, request }: RepositoryTaskRow, now: number): boolean {
  return (request !== null || (due_at !== null && due_at <= now)) && (not_before ?? 0) <= now
}
