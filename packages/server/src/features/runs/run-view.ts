import type { Run, RunLogEntry, RunProgress } from '@holdfast/protocol'
import type { Selectable } from 'kysely'
import type { StoredRun } from './store.ts'
import type { RunTables } from './tables.ts'

/** More runs than one process reports of at once; the oldest reports are given up. */
const KEPT_MAX = 2000

/** The latest reports of progress that came to this process, which are newer than those in the database. */
export class LiveProgress {
  readonly #kept = new Map<number, { readonly progress: RunProgress; readonly at: number }>()

  set(runId: number, progress: RunProgress, at: number): void {
    this.#kept.delete(runId)
    this.#kept.set(runId, { progress, at })
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value ?? 0)
  }

  /** The report of a running run that was made at or after `since`. */
  get(runId: number, since: number): RunProgress | undefined {
    const kept = this.#kept.get(runId)
    return kept !== undefined && kept.at >= since ? kept.progress : undefined
  }

  drop(runId: number): void {
    this.#kept.delete(runId)
  }
}

/** A run as people see it. */
export function toRun(run: StoredRun, live: LiveProgress): Run {
  const stored = parsed<RunProgress>(run.progress)
  return {
    id: run.id,
    kind: run.kind,
    state: run.state,
    clientId: run.client_id,
    clientName: run.client_name,
    planId: run.plan_id,
    planName: run.plan_name,
    repositoryId: run.repository_id,
    repositoryName: run.repository_name,
    trigger: run.trigger,
    isDryRun: run.kind === 'maintenance' && parsed<{ readonly dryRun?: boolean }>(run.request)?.dryRun === true,
    retryOf: run.retry_of,
    attempt: run.attempt,
    createdAt: isoTime(run.created_at),
    notBefore: run.not_before === null ? null : isoTime(run.not_before),
    startedAt: run.started_at === null ? null : isoTime(run.started_at),
    finishedAt: run.finished_at === null ? null : isoTime(run.finished_at),
    isCancelRequested: run.cancel_requested_at !== null,
    snapshotId: run.snapshot_id,
    progress: (run.state === 'running' ? live.get(run.id, run.changed_at) : undefined) ?? stored,
    statistics: parsed<NonNullable<Run['statistics']>>(run.statistics),
    error: parsed<NonNullable<Run['error']>>(run.error),
  }
}

/** A line of a log as people see it. */
export function toLogEntry({ id, at, level, message }: Omit<Selectable<RunTables['run_logs']>, 'run_id'>): RunLogEntry {
  return { id, at: isoTime(at), level, message }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function parsed<Value>(json: string | null): Value | null {
  return json === null ? null : (JSON.parse(json) as Value)
}
