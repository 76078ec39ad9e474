import type { Clock } from '@holdfast/engine'
import { planDefinitionSchema, type Retention } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { Origin } from '../../features/audit/audit.ts'
import { cronOf } from '../../features/plans/first-plan.ts'
import type { Plans } from '../../features/plans/plans.ts'
import type { AgentRuns } from '../../features/runs/agent-runs.ts'
import type { Runs } from '../../features/runs/runs.ts'
import type { UserActor } from '../../http/actor.ts'
import { readBySchema } from './read-by-schema.ts'
import type { ServiceStore } from './store.ts'

const HOOK_SECONDS = 3600
const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

type Plan = Awaited<ReturnType<Plans['get']>>

/** A task as the clients of the Backup Service know it. */
export interface ServiceTask {
  readonly id: number
  readonly path: string
  readonly frequency_minutes: number
  readonly pre_commands: readonly string[]
  readonly retention_days: number | null
  readonly retention_versions: number | null
  readonly compress: boolean
  readonly last_run: string | null
  readonly next_run: string | null
  readonly pending_run_id: number | null
}

/** What an administrator gives to make one. */
export interface NewServiceTask {
  readonly path: string
  readonly frequencyMinutes: number
  readonly preCommands: readonly string[]
  readonly retentionDays: number | null
  readonly retentionVersions: number | null
  readonly compress: boolean
}

export interface ServiceTasksOptions {
  readonly store: ServiceStore
  readonly plans: Plans
  readonly runs: Runs
  readonly agentRuns: AgentRuns
  readonly repositories: { ensureDefault(): Promise<{ readonly id: number }> }
  readonly clock: Clock
}

/** Tasks of the Backup Service: each is a plan, and each time that it was carried out a run of it. */
export class ServiceTasks {
  readonly #options: ServiceTasksOptions

  constructor(options: ServiceTasksOptions) {
    this.#options = options
  }

  /** @throws {ServerError} `request.invalid` */
  async add(clientId: number, task: NewServiceTask, origin: Origin): Promise<void> {
    const { plans, repositories, store } = this.#options
    const { id: repositoryId } = await repositories.ensureDefault()
    const retention = serviceRetention({ days: task.retentionDays, versions: task.retentionVersions })
    const definition = readBySchema(planDefinitionSchema, {
      selection: { paths: [task.path] },
      schedule: { cron: cronOf(task.frequencyMinutes * 60), timeZone: 'UTC', jitterSeconds: 0, catchUp: true },
      hooks: { pre: task.preCommands.map((line) => ({ line, timeoutSeconds: HOOK_SECONDS })) },
      retention,
      compression: task.compress ? 'auto' : 'off',
    })
    const plan = { ...definition, name: task.path.slice(0, 100), repositoryId, isEnabled: true }
    const { id } = await plans.createFor(clientId, { plan, origin })
    await store.addTask({ plan_id: id, frequency_minutes: task.frequencyMinutes, compress: Number(task.compress) })
  }

  /**
   * Those of a client, in the order in which they were made. Plans that were made elsewhere are tasks too, when they have times of their
   * own or are asked for: what has no next time, the clients carry out at once.
   */
  async list(owner: UserActor, clientId: number): Promise<ServiceTask[]> {
    const plans = await this.#options.plans.list(owner, clientId)
    const tasks = await Promise.all(plans.toSorted((a, b) => a.id - b.id).map((plan) => this.#taskOf(owner, plan)))
    return tasks.filter((task) => task !== undefined)
  }

  async #taskOf(owner: UserActor, plan: Plan): Promise<ServiceTask | undefined> {
    const [path] = plan.selection.paths
    const { store } = this.#options
    const task = await store.task(plan.id)
    const { pending, endedAt } = await store.runsOf(plan.id)
    const frequency = task?.frequency_minutes ?? (await this.#minutesBetween(owner, plan.id))
    const regularAt = task === undefined ? plan.nextRunAt : nextTimeOf(plan, { endedAt, frequency })
    const isOff = !plan.isEnabled || regularAt === null
    if (path === undefined || (isOff && pending === undefined)) return undefined
    return {
      id: plan.id,
      path,
      frequency_minutes: frequency,
      pre_commands: plan.hooks.pre.map(({ line }) => line),
      retention_days: plan.retention?.days ?? null,
      retention_versions: plan.retention?.versions ?? null,
      compress: (task?.compress ?? 1) === 1,
      last_run: serviceTime(endedAt),
      // What was asked for is due since then.
      next_run: serviceTime(pending?.created_at ?? Date.parse(regularAt ?? '')),
      pending_run_id: pending?.id ?? null,
    }
  }

  /** How often a plan runs that was made elsewhere: the clients carry out none more often than it says. */
  async #minutesBetween(owner: UserActor, planId: number): Promise<number> {
    const { times } = await this.#options.plans.runTimes(owner, planId, 3)
    const at = times.map(({ dueAt }) => Date.parse(dueAt))
    const gaps = at.slice(1).map((time, index) => Math.floor((time - (at[index] ?? 0)) / MINUTE_MS))
    return Math.max(1, Math.min(...gaps, DAY_MINUTES))
  }

  /** Asks for a run. @throws {ServerError} `not-found`, `request.conflict` */
  async run(owner: UserActor, { clientId, taskId }: TaskKey, origin: Origin): Promise<number> {
    await this.#demand(owner, { clientId, taskId })
    return (await this.#options.plans.runNow(owner, taskId, origin)).id
  }

  /** Notes how a task ended. A run that nobody knows is made; what waits of the task counts as carried out. */
  async record(
    owner: UserActor,
    key: TaskKey,
    { runId, isGood, message }: { readonly runId: number; readonly isGood: boolean; readonly message: string },
  ): Promise<number> {
    const { agentRuns } = this.#options
    const plan = await this.#demand(owner, key)
    const outcome = isGood
      ? ({ state: 'finished', error: null } as const)
      : ({ state: 'error', error: { code: 'run.failed', message: message === '' ? 'the client says that it failed' : message } } as const)
    return agentRuns.recordEnd({ clientId: key.clientId, planId: key.taskId, repositoryId: plan.repositoryId, runId, message }, outcome)
  }

  async #demand(owner: UserActor, { clientId, taskId }: TaskKey): Promise<Plan> {
    const plan = await this.#options.plans.get(owner, taskId)
    if (plan.clientId !== clientId) throw notFound(`the task ${taskId}`)
    return plan
  }
}

/** Which task of which client. */
export interface TaskKey {
  readonly clientId: number
  readonly taskId: number
}

/** Numbers as forms send them; empty is none. @throws {ServerError} `request.invalid` */
export function formNumber(name: string, text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null
  if (/^\d{1,9}$/.test(text.trim())) return Number(text)
  throw new ServerError('request.invalid', `${name} must be a whole number`)
}

/** What keeps as much as a number of days and of versions says. Both are none, or at least the newest version stays. */
export function serviceRetention({ days, versions }: { readonly days: number | null; readonly versions: number | null }): Retention | null {
  if ((days !== null && days < 1) || (versions !== null && versions < 1)) return { versions: 1 }
  const retention: Retention = { ...(days === null ? {} : { days }), ...(versions === null ? {} : { versions }) }
  return Object.keys(retention).length === 0 ? null : retention
}

/** A time as the Backup Service says it, which is UTC without saying so: its clients' scripts compare it with such times. */
export function serviceTime(at: number | null): string | null {
  return at === null || Number.isNaN(at) ? null : new Date(at).toISOString().replace('Z', '')
}

/** A task that was never carried out is due when it is made. */
function nextTimeOf(plan: Plan, { endedAt, frequency }: { readonly endedAt: number | null; readonly frequency: number }): string {
  return endedAt === null ? plan.createdAt : new Date(endedAt + frequency * MINUTE_MS).toISOString()
}
