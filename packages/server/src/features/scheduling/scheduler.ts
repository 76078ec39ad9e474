import type { Clock } from '@holdfast/engine'
import type { PlanDefinition } from '@holdfast/protocol'
import type { PlanStore, StoredPlan } from '../plans/store.ts'
import type { StoredRun } from '../runs/store.ts'
import type { Departure, Timetable } from './timetable.ts'

const LOOK_EVERY_MS = 5000
const DUE_AT_ONCE = 100
/** A time that is this far back was missed: the server was off, or its clock was set. */
const MISSED_AFTER_MS = 10 * 60_000
/** How long a run waits for its client when missed ones are not made up for. */
const WAIT_MS = 15 * 60_000
const OVERDUE_AFTER_MS_MIN = 3_600_000
/** A clock that goes back by more than this was set. */
const SET_BACK_MS = 60_000

/** A plan that has not succeeded for longer than its schedule allows: an interval, and at least an hour, have passed since it came due. */
export interface OverduePlan {
  readonly planId: number
  readonly planName: string
  readonly clientId: number
  readonly ownerId: number
  readonly overdueAt: number
}

/** Called once for every plan that becomes overdue, until it succeeds again. Failures are the listener's own affair. */
export type OverdueListener = (plan: OverduePlan) => void | Promise<void>

export interface SchedulerOptions {
  readonly store: PlanStore
  readonly plans: { timetable(plan: StoredPlan): Promise<Timetable> }
  readonly runs: {
    find(id: number): Promise<StoredRun | undefined>
    created(run: StoredRun): void
  }
  readonly clock: Clock
}

/** Makes runs of plans when they are due. Any number of servers may schedule at once: each time of a plan becomes one run. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #overdueListeners: OverdueListener[] = []
  #lookedAt: number | undefined
  #stopLooking: (() => void) | undefined
  #looking: Promise<void> | undefined

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  onOverdue(listener: OverdueListener): void {
    this.#overdueListeners.push(listener)
  }

  start(): void {
    this.#stopLooking ??= this.#options.clock.every(LOOK_EVERY_MS, () => {
      // What cannot be done because the database is away is done when it is back.
      this.#looking ??= this.look()
        .catch(() => undefined)
        .finally(() => {
          this.#looking = undefined
        })
    })
  }

  async stop(): Promise<void> {
    this.#stopLooking?.()
    this.#stopLooking = undefined
    await this.#looking
  }

  /** Makes runs of all that is due now, and tells of what is overdue. */
  async look(): Promise<void> {
    const { store, clock } = this.#options
    const now = clock.now()
    if (this.#lookedAt === undefined || now < this.#lookedAt - SET_BACK_MS) await this.#reconcile(now)
    this.#lookedAt = now
    for (;;) {
      const due = await store.due(now, DUE_AT_ONCE)
      for (const plan of due) await this.#fire(plan, now)
      if (due.length < DUE_AT_ONCE) break
    }
    for (const plan of await store.markOverdue(now)) this.#tellOverdue(plan)
  }

  /** Corrects plans whose next time lies further ahead than it should: a clock was set back, or a step was lost. */
  async #reconcile(now: number): Promise<void> {
    const { store, plans } = this.#options
    for (const plan of await store.list({})) {
      if (plan.is_enabled === 0) continue
      const startsAt = (await plans.timetable(plan)).next(now)?.startsAt ?? null
      if (startsAt !== null && (plan.next_run_at === null || plan.next_run_at > startsAt)) await store.correct(plan, startsAt)
    }
  }

  async #fire(plan: StoredPlan, now: number): Promise<void> {
    const { store, plans, runs } = this.#options
    const wasDueAt = plan.next_run_at ?? now
    const timetable = await plans.timetable(plan)
    const next = timetable.next(now)
    const { schedule } = JSON.parse(plan.definition) as PlanDefinition
    const isMissed = now - wasDueAt > MISSED_AFTER_MS
    const run = {
      kind: 'backup',
      trigger: isMissed ? 'catch-up' : 'schedule',
      client_id: plan.client_id,
      plan_id: plan.id,
      repository_id: plan.repository_id,
      created_at: now,
      not_after: schedule.catchUp ? null : now + WAIT_MS,
    } as const
    const runId = await store.fire(plan, {
      nextRunAt: next?.startsAt ?? null,
      overdueAt: overdueAt(wasDueAt, next),
      run: isMissed && !schedule.catchUp ? undefined : run,
    })
    const added = runId == null ? undefined : await runs.find(runId)
    if (added !== undefined) runs.created(added)
  }

  #tellOverdue({ id, name, client_id, owner_id, overdue_at }: StoredPlan): void {
    const plan = { planId: id, planName: name, clientId: client_id, ownerId: owner_id, overdueAt: overdue_at ?? 0 }
    for (const listener of this.#overdueListeners) void call(listener, plan)
  }
}

async function call(listener: OverdueListener, plan: OverduePlan): Promise<void> {
  try {
    await listener(plan)
  } catch {
    // Whoever wants to know says itself when it could not be told.
  }
}

function overdueAt(dueAt: number, next: Departure | undefined): number {
  return dueAt + Math.max(OVERDUE_AFTER_MS_MIN, (next?.startsAt ?? dueAt) - dueAt)
}
