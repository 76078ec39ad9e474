import type {
  AttentionItem,
  AttentionKind,
  AttentionSeverity,
  MaintenanceSettings,
  RepositoryStatisticsView,
  RunError,
  RunStatistics,
} from '@holdfast/protocol'
import { readFoundDamage } from '../maintenance/found-damage.ts'
import type { ReadingRound } from '../maintenance/reading-round.ts'
import { readSettings } from '../maintenance/settings.ts'
import type { RepositoryHistoryRow } from '../repositories/tables.ts'
import { dayOf, daysUntilFull } from './growth.ts'
import type { Concern, KeptRepository, OverviewStore } from './store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Whoever adds a client has so long to bring it in, and to back it up: it is new, and nothing asks for more. */
export const NEW_MS = HOUR_MS
/** Machines are switched off over a weekend. */
const SILENT_MS = 3 * DAY_MS
/** A repository is checked every day unless somebody says otherwise. */
const UNCHECKED_MS = 2 * DAY_MS
const FULL_SOON_DAYS = 14

const SEVERITIES = {
  'plan-failed': 'critical',
  'plan-incomplete': 'warning',
  'plan-overdue': 'warning',
  'client-overdue': 'warning',
  'client-never-backed-up': 'warning',
  'agent-never-came': 'notice',
  'agent-silent': 'warning',
  'repository-unreachable': 'critical',
  'repository-check-failed': 'critical',
  'repository-check-unfinished': 'warning',
  'repository-never-checked': 'warning',
  'repository-not-read': 'warning',
  'repository-maintenance-failed': 'warning',
  'repository-low-space': 'critical',
  'repository-filling': 'warning',
} as const satisfies Readonly<Record<AttentionKind, AttentionSeverity>>

const RANKS: Readonly<Record<AttentionSeverity, number>> = { critical: 0, warning: 1, notice: 2 }

/** What there is of one kind: some of it, and how much in all. */
export interface Concerns {
  readonly items: readonly AttentionItem[]
  readonly total: number
}

/** The most severe first, then what has been so for longest. */
export function inOrder(items: readonly AttentionItem[]): AttentionItem[] {
  return items.toSorted((a, b) => RANKS[a.severity] - RANKS[b.severity] || Date.parse(a.since) - Date.parse(b.since))
}

/** What needs somebody of the clients of an owner, or of all. */
export async function clientConcerns(
  store: OverviewStore,
  { owner, now }: { readonly owner: number | undefined; readonly now: number },
): Promise<readonly Concerns[]> {
  const before = now - NEW_MS
  return [
    toConcerns('plan-failed', await store.failedPlans(owner)),
    // A run that is no more is no reason to look: nobody could.
    toConcerns(
      'plan-incomplete',
      (await store.incompletePlans(owner)).filter(({ since }) => since > 0),
    ),
    toConcerns('plan-overdue', await store.overduePlans(owner)),
    toConcerns('client-overdue', await store.overdueClients(owner, now)),
    toConcerns('client-never-backed-up', await store.neverBackedUp(owner, { now, before })),
    toConcerns('agent-never-came', await store.neverCame(owner, before)),
    toConcerns('agent-silent', await store.silentClients(owner, now - SILENT_MS)),
  ]
}

/** What needs somebody of repositories that the server looks after. */
export function repositoryConcerns(
  repositories: readonly KeptRepository[],
  { now, history }: { readonly now: number; readonly history: readonly RepositoryHistoryRow[] },
): readonly Concerns[] {
  const days = Map.groupBy(history, (row) => row.repository_id)
  return repositories
    .filter(({ has_key }) => has_key === 1)
    .map((repository) => {
      const settings = readSettings(repository.maintenance)
      const items = [
        ...foundDamage(repository),
        ...failedTasks(repository),
        ...unread(repository, { settings, now }),
        ...shortOfSpace(repository, { settings, now, days: days.get(repository.id) ?? [] }),
      ]
      return { items, total: items.length }
    })
}

/** The figures of a repository; undefined before the first counting. */
export function statisticsOf(json: string | null): RepositoryStatisticsView | undefined {
  return json === null ? undefined : (JSON.parse(json) as RepositoryStatisticsView)
}

function toConcerns(kind: AttentionKind, rows: readonly Concern[]): Concerns {
  const items = rows.map((row) => ({
    ...about(kind, row.since),
    clientId: row.client_id,
    clientName: row.client_name,
    planId: row.plan_id,
    planName: row.plan_name,
    runId: row.run_id,
    error: row.error === null ? null : (JSON.parse(row.error) as RunError),
    figure: row.statistics == null ? null : ((JSON.parse(row.statistics) as RunStatistics).errorCount ?? null),
  }))
  return { items, total: Number(rows[0]?.total ?? 0) }
}

function failedTasks(repository: KeptRepository): readonly AttentionItem[] {
  const kinds = {
    maintenance: 'repository-maintenance-failed',
    check: 'repository-check-unfinished',
    refresh: 'repository-unreachable',
  } as const
  // What else could not be done there is not worth a word until it can be reached.
  const unreachable = repository.tasks.filter(({ kind, error }) => kind === 'refresh' && error !== null)
  const failed = unreachable.length > 0 ? unreachable : repository.tasks.filter(({ error }) => error !== null)
  return failed
    .filter(({ run_id, damage }) => damage === null || readFoundDamage(damage)?.runId !== run_id)
    .map(({ kind, error, started_at, run_id }) => ({
      ...ofRepository(repository, kinds[kind], started_at ?? 0),
      runId: run_id,
      error: { code: `repository.${kind}`, message: error ?? '' },
    }))
}

/** What checks have found, until one has found it mended: also while they cannot be carried out. */
function foundDamage(repository: KeptRepository): readonly AttentionItem[] {
  const check = repository.tasks.find(({ kind }) => kind === 'check')
  const damage = readFoundDamage(check?.damage ?? null)
  if (damage === undefined) return []
  const error = { code: 'repository.damaged', message: damage.message }
  return [{ ...ofRepository(repository, 'repository-check-failed', check?.started_at ?? 0), runId: damage.runId, error }]
}

interface RepositoryView {
  readonly settings: MaintenanceSettings
  readonly now: number
}

/** A repository that was never checked, or whose data was not read within the days that are set. */
function unread(repository: KeptRepository, { settings, now }: RepositoryView): readonly AttentionItem[] {
  const check = repository.tasks.find(({ kind }) => kind === 'check')
  const days = settings.check.readAllWithinDays
  // A check that failed is told of by itself.
  if (check?.error != null) return []
  if (check?.succeeded_at == null) {
    return now - repository.created_at < UNCHECKED_MS ? [] : [ofRepository(repository, 'repository-never-checked', repository.created_at)]
  }
  if (days === null) return []
  const round = check.memory === null ? undefined : (JSON.parse(check.memory) as ReadingRound)
  const since = round?.startedAt ?? check.succeeded_at
  // The check that ends a round may be due some hours after it is over.
  if (now - since <= (days + 1) * DAY_MS) return []
  return [{ ...ofRepository(repository, 'repository-not-read', since), figure: days }]
}

function shortOfSpace(
  repository: KeptRepository,
  { settings, now, days }: RepositoryView & { readonly days: readonly RepositoryHistoryRow[] },
): readonly AttentionItem[] {
  const statistics = statisticsOf(repository.statistics)
  const { freeBytes = null, capacityBytes = null } = statistics ?? {}
  if (statistics === undefined || freeBytes === null || capacityBytes === null) return []
  const since = Date.parse(statistics.countedAt)
  if (freeBytes < (capacityBytes * settings.lowSpacePercent) / 100) {
    return [{ ...ofRepository(repository, 'repository-low-space', since), figure: Math.floor((100 * freeBytes) / capacityBytes) }]
  }
  const left = daysUntilFull(
    days.map(({ day, free_bytes }) => ({ day, freeBytes: free_bytes })),
    dayOf(now),
  )
  if (left === null || left > FULL_SOON_DAYS) return []
  return [{ ...ofRepository(repository, 'repository-filling', since), figure: left }]
}

function ofRepository({ id, name }: KeptRepository, kind: AttentionKind, since: number): AttentionItem {
  return { ...about(kind, since), repositoryId: id, repositoryName: name }
}

function about(kind: AttentionKind, since: number): AttentionItem {
  return {
    kind,
    severity: SEVERITIES[kind],
    since: new Date(since).toISOString(),
    ...{ clientId: null, clientName: null, planId: null, planName: null, repositoryId: null, repositoryName: null },
    ...{ runId: null, error: null, figure: null },
  }
}
