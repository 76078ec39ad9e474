import type { Clock } from '@holdfast/engine'
import type { Maintenance, MaintenanceKind, MaintenanceRequest, MaintenanceSettings, MaintenanceTask } from '@holdfast/protocol'
import type { Audit, Origin } from '../audit/audit.ts'
import type { StoredRepository } from '../repositories/store.ts'
import { type Keeper, nextDue } from './keeper.ts'
import type { ReadingRound } from './reading-round.ts'
import { checkSettings, readSettings } from './settings.ts'
import type { MaintenanceStore } from './store.ts'
import type { RepositoryTaskRow } from './tables.ts'

const KINDS: readonly MaintenanceKind[] = ['maintenance', 'check']

export interface MaintenanceOptions {
  readonly store: MaintenanceStore
  readonly repositories: {
    /** @throws {ServerError} `not-found`, `request.conflict` where only clients have the key */
    withKey(id: number): Promise<StoredRepository>
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
    const { maintenance } = await this.#options.repositories.withKey(id)
    const tasks = await this.#options.store.tasks(id)
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

function toView(kind: MaintenanceKind, task: RepositoryTaskRow | undefined): MaintenanceTask {
  return {
    kind,
    dueAt: timeOf(task?.due_at),
    isRequested: typeof task?.request === 'string',
    startedAt: timeOf(task?.started_at),
    succeededAt: timeOf(task?.succeeded_at),
    error: task?.error ?? null,
    runId: task?.run_id ?? null,
  }
}

function timeOf(timeMs: number | null | undefined): string | null {
  return timeMs === null || timeMs === undefined ? null : new Date(timeMs).toISOString()
}
