import type { NewPlan, RunState } from '@holdfast/protocol'
import type { Database } from '../db/database.ts'

/** Adds a repository of a test, the default one unless told otherwise, as the database knows it; nothing is stored. Gives its id. */
export async function addRepositoryRow(
  { queries }: Database,
  { name = 'main', isDefault = true }: { readonly name?: string; readonly isDefault?: boolean } = {},
): Promise<number> {
  const row = { name, kind: 'local', location: '/nowhere', sealed_credentials: '', sealed_password: '' } as const
  const { id } = await queries
    .insertInto('repositories')
    .values({ ...row, is_default: Number(isDefault), maintenance: '{}', statistics: null, created_at: 0 })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export interface SampleClient {
  readonly name: string
  readonly ownerId: number
  readonly isLocal?: boolean
  readonly settings?: object
}

/** Adds a client that nobody has enrolled. Gives its id. */
export async function addClientRow(
  { queries }: Database,
  { name, ownerId, isLocal = false, settings = {} }: SampleClient,
): Promise<number> {
  const { id } = await queries
    .insertInto('clients')
    .values({
      name,
      owner_id: ownerId,
      is_local: Number(isLocal),
      is_disabled: 0,
      settings: JSON.stringify(settings),
      created_at: 0,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** A plan at half past two in Berlin, every night, with other fields as given. */
export function samplePlan(
  changes: Partial<Omit<NewPlan, 'schedule'>> & { readonly schedule?: Partial<NewPlan['schedule']> } = {},
): NewPlan {
  const { schedule, ...others } = changes
  return {
    name: 'documents',
    isEnabled: true,
    selection: {
      paths: ['/home'],
      excludes: [],
      caseInsensitiveExcludes: [],
      excludeCaches: false,
      excludeIfPresent: [],
      oneFileSystem: false,
    },
    hooks: { pre: [], post: [], onFailure: [] },
    retention: null,
    limits: { blackouts: [] },
    tags: [],
    compression: 'auto',
    schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin', jitterSeconds: 0, catchUp: true, ...schedule },
    ...others,
  }
}

export interface SamplePlanRow {
  readonly clientId: number
  readonly repositoryId: number
  readonly name?: string
  readonly isOverdue?: boolean
}

/** Adds a plan that runs next when 2030 begins, as the database knows it. Gives its id. */
export async function addPlanRow(
  { queries }: Database,
  { clientId, repositoryId, name = 'all', isOverdue = false }: SamplePlanRow,
): Promise<number> {
  const { id } = await queries
    .insertInto('plans')
    .values({
      client_id: clientId,
      repository_id: repositoryId,
      name,
      is_enabled: 1,
      definition: JSON.stringify(samplePlan()),
      next_run_at: Date.parse('2030-01-01'),
      overdue_at: isOverdue ? 1000 : null,
      is_overdue: Number(isOverdue),
      created_at: 0,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export interface SampleRun {
  readonly state: RunState
  readonly clientId: number
  readonly planId: number
  readonly createdAt?: number
  readonly addedBytes?: number
  readonly isMissed?: boolean
}

const RUNS_AT_ONCE = 500

/** Adds backup runs, in order; those that failed say `No space`. What plans know of their runs is noted with them. */
export async function addRunRows({ queries }: Database, runs: readonly SampleRun[]): Promise<void> {
  const rows = runs.map(({ state, clientId, planId, createdAt = 1000, addedBytes, isMissed = false }) => ({
    ...({ kind: 'backup', trigger: 'schedule', request: '{}', attempt: 1, claim_count: 1, log_bytes: 0 } as const),
    ...{ state, client_id: clientId, plan_id: planId, created_at: createdAt, changed_at: createdAt },
    finished_at: state === 'running' || state === 'pending' ? null : createdAt,
    error: state === 'error' ? JSON.stringify({ code: 'run.failed', message: 'No space' }) : null,
    added_bytes: addedBytes ?? null,
    is_missed: Number(isMissed),
  }))
  const last = new Map<number, number | null>()
  for (let from = 0; from < rows.length; from += RUNS_AT_ONCE) {
    const page = rows.slice(from, from + RUNS_AT_ONCE)
    const added = await queries.insertInto('runs').values(page).returning(['id', 'plan_id', 'state']).execute()
    for (const { id, plan_id, state } of added.toSorted((a, b) => a.id - b.id)) {
      if (plan_id !== null && (state === 'finished' || state === 'error')) last.set(plan_id, state === 'error' ? id : null)
    }
  }
  for (const [planId, failedRunId] of last) {
    if (failedRunId === null) continue
    await queries.updateTable('plans').set({ failed_run_id: failedRunId, failed_since: 1000 }).where('id', '=', planId).execute()
  }
}
