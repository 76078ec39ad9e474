import type { Clock } from '@holdfast/engine'
import type { Maintenance, MaintenanceKind, MaintenanceRequest, MaintenanceSettings, MaintenanceTask } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { StoredRepository } from '../repositories/store.ts'
import type { StoredRun } from '../runs/store.ts'
import { readFoundDamage } from './found-damage.ts'
import { type Keeper, nextDue } from './keeper.ts'
import type { ReadingRound } from './reading-round.ts'
import { checkSettings, readSettings } from './settings.ts'
import type { MaintenanceStore } from './store.ts'
import type { RepositoryTaskRow } from './tables.ts'
import { isSameWork, readTaskRequest, requestToRepeat, type TaskRequest } from './task-request.ts'

const KINDS: readonly MaintenanceKind[] = ['maintenance', 'check']

export interface MaintenanceOptions {
  readonly store: MaintenanceStore
  readonly repositories: {
    /** @throws {ServerError} `not-found`, `request.conflict` where only clients have the key */
    withKey(id: number): Promise<StoredRepository>
  }
  readonly runs: {
    /** @throws {ServerError} `not-found` */
    visible(actor: UserActor, id: number): Promise<StoredRun>
  }
  readonly keeper: Pick<Keeper, 'wake'>
  readonly audit: Audit
  readonly clock: Clock
}

/** What administrators see and set of the maintenance of repositories. */
export class MaintenanceDesk {
  readonly #options: MaintenanceOptions

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  async get(id: number): Promise<Maintenance> {
    const { repositories, store, clock } = this.#options
    const { maintenance } = await repositories.withKey(id)
    const tasks = await store.tasks(id)
    const refresh = tasks.find(({ kind }) => kind === 'refresh')
    const memory = tasks.find(({ kind }) => kind === 'check')?.memory ?? null
    const round = memory === null ? null : (JSON.parse(memory) as ReadingRound)
    return {
      settings: readSettings(maintenance),
      tasks: KINDS.map((kind) =>
        toView(
          kind,
          tasks.find((task) => task.kind === kind),
        ),
      ),
      reading: round && { nextPart: round.nextPart, parts: round.parts, startedAt: new Date(round.startedAt).toISOString() },
      counting: { isDue: (refresh?.due_at ?? Infinity) <= clock.now(), error: refresh?.error ?? null },
    }
  }

  /** Replaces the settings. @throws {ServerError} `request.invalid` */
  async set(id: number, settings: MaintenanceSettings, origin: Origin): Promise<Maintenance> {
    const { store, repositories, audit, clock, keeper } = this.#options
    const before = readSettings((await repositories.withKey(id)).maintenance)
    checkSettings(settings, clock.now())
    await store.setSettings(id, JSON.stringify(settings))
    for (const kind of KINDS) {
      const dueAt = nextDue(kind, settings, clock.now())
      await store.add({ repository_id: id, kind }, dueAt)
      await store.change({ repository_id: id, kind }, { due_at: dueAt, not_before: null })
    }
    // A round of other parts begins anew.
    if (JSON.stringify(before.check) !== JSON.stringify(settings.check)) {
      await store.change({ repository_id: id, kind: 'check' }, { memory: null })
    }
    await audit.record(origin, { action: 'repository.maintenance-changed', subject: `repository ${id}`, detail: { settings } })
    keeper.wake()
    return this.get(id)
  }

  /** Has something done as soon as possible, by whichever server process may. */
  async request(id: number, request: MaintenanceRequest, origin: Origin): Promise<Maintenance> {
    const { store, repositories, audit, clock, keeper } = this.#options
    const { maintenance } = await repositories.withKey(id)
    const key = { repository_id: id, kind: request.kind }
    await store.add(key, nextDue(request.kind, readSettings(maintenance), clock.now()))
    await store.change(key, { request: JSON.stringify(request), not_before: null })
    await audit.record(origin, { action: 'repository.maintenance-requested', subject: `repository ${id}`, detail: request })
    keeper.wake()
    return this.get(id)
  }

  /**
   * Has done again, as soon as possible, exactly what a run was to do that failed or was cancelled.
   * @throws {ServerError} `not-found`; `request.conflict` when that cannot be repeated, or something else waits to be done
   */
  async retry(id: number, { runId, actor, origin }: RunToRetry): Promise<Maintenance> {
    const { store, repositories, runs, audit, clock, keeper } = this.#options
    const { maintenance } = await repositories.withKey(id)
    const request = repetitionOf(await runs.visible(actor, runId), id)
    const key = { repository_id: id, kind: request.kind }
    await store.add(key, nextDue(request.kind, readSettings(maintenance), clock.now()))
    const waiting = (await store.find(key))?.request ?? null
    const isFree = waiting === null || isSameWork(readTaskRequest(waiting), request)
    if (!isFree || !(await store.ask(key, { request: JSON.stringify(request), before: waiting }))) {
      throw new ServerError('request.conflict', `Cannot repeat run ${runId}: something else was asked for and waits to be done`)
    }
    await audit.record(origin, { action: 'run.retried', subject: `run ${runId}`, detail: { repository: id } })
    keeper.wake()
    return this.get(id)
  }

  /** Has register and statistics brought up to date as soon as possible. */
  async refresh(id: number): Promise<void> {
    const { store, repositories, clock, keeper } = this.#options
    await repositories.withKey(id)
    const key = { repository_id: id, kind: 'refresh' } as const
    await store.add(key, clock.now())
    await store.change(key, { due_at: clock.now(), not_before: null })
    keeper.wake()
  }
}

/** Which run is repeated, and who wants it. */
export interface RunToRetry {
  readonly runId: number
  readonly actor: UserActor
  readonly origin: Origin
}

function repetitionOf(run: StoredRun, repositoryId: number): TaskRequest {
  const { id, kind, state } = run
  if (run.repository_id !== repositoryId) throw notFound(`the run ${id} of this repository`)
  const refuse = (why: string): never => {
    throw new ServerError('request.conflict', `Cannot repeat run ${id}: ${why}`)
  }
  if (kind !== 'maintenance' && kind !== 'check') return refuse('it is no maintenance of a repository')
  if (state !== 'error' && state !== 'cancelled') return refuse(`it is ${state}`)
  return requestToRepeat({ ...run, kind }) ?? refuse('what it was asked to do was not kept')
}

function toView(kind: MaintenanceKind, task: RepositoryTaskRow | undefined): MaintenanceTask {
  return {
    kind,
    dueAt: timeOf(task?.due_at),
    isRequested: typeof task?.request === 'string',
    startedAt: timeOf(task?.started_at),
    succeededAt: timeOf(task?.succeeded_at),
    error: task?.error ?? null,
    runId: task?.run_id ?? null,
    damage: toDamage(task),
  }
}

function toDamage(task: RepositoryTaskRow | undefined): MaintenanceTask['damage'] {
  const damage = readFoundDamage(task?.damage ?? null)
  return damage === undefined ? null : { runId: damage.runId, message: damage.message }
}

function timeOf(timeMs: number | null | undefined): string | null {
  return timeMs === null || timeMs === undefined ? null : new Date(timeMs).toISOString()
}
