import {
  type BackupProgress,
  type BackupResult,
  byteStringOf,
  type Clock,
  isEngineError,
  messageOf,
  type RestoreMeasure,
} from '@holdfast/engine'
import type { Command, FinishRun, Limits, LogLevel, RunOrder, RunProgress, RunStatistics } from '@holdfast/protocol'
import { AgentError, isAgentError } from '../errors.ts'
import { type Hook, type HookPhase, runHooks } from './hooks.ts'
import { checkBackupPaths, checkRestorePaths, isBlackedOut, type MachinePolicy, strictestLimits } from './machine-policy.ts'
import { pathOfAddress } from './managed-restore.ts'
import { type PlannedBackup, prepareBackup } from './prepare-backup.ts'
import { ProgressMeter } from './progress-meter.ts'

/** A run that makes a snapshot. */
export type BackupOrder = Extract<RunOrder, { kind: 'backup' }>
/** A run that brings files back. */
export type RestoreRunOrder = Extract<RunOrder, { kind: 'restore' }>

/** What every kind of work is given. */
export interface WorkOptions {
  readonly signal: AbortSignal
  /** Of the server and of this machine, the stricter of both. */
  readonly limits: Limits
  readonly progress: BackupProgress
  /** To be called when the work begins anew: what was counted counts no more. Gives the progress of the new try. */
  beginAnew(): BackupProgress
  log(level: LogLevel, message: string): void
}

/** Makes the snapshot of a run: through a server that holds the key, or in a repository that is open. */
export type BackupWork = (order: BackupOrder, options: WorkOptions & { readonly plan: PlannedBackup }) => Promise<BackupResult>
/** Brings files back; gives what it did. */
export type RestoreWork = (order: RestoreRunOrder, options: RestoreWorkOptions) => Promise<RunStatistics>

export interface RestoreWorkOptions extends WorkOptions {
  /** To be called once it is known how much there is to restore. */
  total(total: RestoreMeasure): void
}

/** What a run needs of whoever carries it out. */
export interface RunContext {
  readonly clock: Clock
  /** Aborted when the run is cancelled, or its holder stops. */
  readonly signal: AbortSignal
  readonly policy: MachinePolicy
  /** What commands find in their environment, beside what they are told of the run. Without secrets of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Commands of this machine, before those of the server; no policy holds them back. */
  readonly localCommands?: readonly Command[]
  readonly backup: BackupWork
  readonly restore?: RestoreWork
  /** Called once a second at most. */
  progress(progress: RunProgress): void
  log(level: LogLevel, message: string): void
}

/**
 * Carries out one run to its end: policy, commands before, backup, commands after, and those for failures. Whatever goes wrong is in the
 * outcome and in the log.
 * @throws the signal's reason when that is aborted; commands for failures are not carried out then.
 */
export async function executeRun(order: RunOrder, context: RunContext): Promise<FinishRun> {
  context.signal.throwIfAborted()
  const startedAt = context.clock.now()
  using meter = new ProgressMeter(context)
  const limits = strictestLimits(order.limits, context.policy.limits)
  using deadline = deadlineOf(limits, context.clock)
  const signal = AbortSignal.any([context.signal, deadline.signal])
  const run: Run = { context, meter, limits, signal, snapshotId: null, statistics: {} }
  const endedWith = (): Pick<FinishRun, 'snapshotId' | 'statistics'> => {
    const durationMs = context.clock.now() - startedAt
    return { snapshotId: run.snapshotId, statistics: { ...run.statistics, durationMs } }
  }
  try {
    const now = context.clock.now()
    if (isBlackedOut(now, context.policy.limits.blackouts))
      throw new AgentError('policy.forbidden', 'Refused to run: this is a blackout time')
    if (order.kind === 'backup') await backUp(order, run)
    else await restore(order, run)
    return { state: 'finished', ...endedWith(), error: null }
  } catch (thrown) {
    context.signal.throwIfAborted()
    const error = deadline.signal.aborted ? deadline.signal.reason : thrown
    const failure = { code: codeOf(error), message: messageOf(error) }
    context.log('error', failure.message)
    if (order.kind === 'backup') await afterFailure(order, { context, failure })
    return { state: 'error', ...endedWith(), error: failure }
  }
}

interface Run {
  readonly context: RunContext
  readonly meter: ProgressMeter
  readonly limits: Limits
  readonly signal: AbortSignal
  /** What there is to say of it, as soon as there is: commands after the backup may fail. */
  snapshotId: string | null
  statistics: RunStatistics
}

async function backUp(order: BackupOrder, run: Run): Promise<void> {
  const { context, meter, signal } = run
  const { selection } = order.definition
  const leftOut = checkBackupPaths(context.policy, selection.paths)
  for (const path of leftOut) context.log('info', `${path} is left out, as the policy of this machine wants it`)
  const local = (context.localCommands ?? []).map((command): Hook => ({ ...command, origin: 'machine' }))
  meter.phase('commands before')
  await runHooks([...local, ...ofServer(order.hooks.pre)], hookContext(order, { context, phase: 'pre', signal }))
  let missing = 0
  const onMissing = (message: string): void => {
    missing += 1
    meter.problem('error', message)
  }
  const plan = prepareBackup(order.definition, { leftOut, onMissing })
  meter.phase('backup')
  const finished = new AbortController()
  const counting = meter.countTotals(plan, AbortSignal.any([signal, finished.signal]))
  const work = { plan, ...workOptions(run) }
  let result: BackupResult
  try {
    result = await context.backup(order, work)
  } finally {
    finished.abort()
    await counting
  }
  run.snapshotId = result.snapshotId ?? null
  run.statistics = statisticsOf(result, missing)
  meter.phase('commands after')
  const told = { HOLDFAST_RUN_SNAPSHOT: result.snapshotId }
  await runHooks(ofServer(order.hooks.post), hookContext(order, { context, phase: 'post', signal, told }))
}

async function restore(order: RestoreRunOrder, run: Run): Promise<void> {
  const { context, meter } = run
  const { target, paths } = order.restore
  if (context.restore === undefined) throw new AgentError('run.unsupported', 'Cannot restore: this program carries out backups only')
  // Without a target, files go to where they were: everything may be touched when no paths are named.
  const places = target === null ? paths.map(pathOfAddress) : [byteStringOf(target)]
  checkRestorePaths(context.policy, places.length === 0 ? [byteStringOf('/')] : places)
  meter.phase('restore')
  const bringBack: RestoreWork = context.restore
  run.statistics = await bringBack(order, { ...workOptions(run), total: (total) => meter.total(total) })
  const { errorCount = 0 } = run.statistics
  if (errorCount > 0)
    throw new AgentError('run.incomplete', `Restored in part: files and folders that could not be brought back: ${errorCount}`)
}

function workOptions({ context, meter, signal, limits }: Run): WorkOptions {
  return { signal, limits, progress: meter.listener, beginAnew: () => meter.beginAnew(), log: logOf(context) }
}

async function afterFailure(
  order: BackupOrder,
  { context, failure }: { readonly context: RunContext; readonly failure: { readonly code: string; readonly message: string } },
): Promise<void> {
  const told = { HOLDFAST_RUN_ERROR: failure.message.replaceAll('\0', '').slice(0, 4096) }
  const { signal } = context
  try {
    await runHooks(ofServer(order.hooks.onFailure), hookContext(order, { context, phase: 'on-failure', signal, told }))
  } catch (error) {
    signal.throwIfAborted()
    context.log('error', messageOf(error))
  }
}

function ofServer(commands: readonly Command[]): Hook[] {
  return commands.map((command) => ({ ...command, origin: 'server' }))
}

function hookContext(
  order: BackupOrder,
  parts: {
    readonly context: RunContext
    readonly phase: HookPhase
    readonly signal: AbortSignal
    readonly told?: Readonly<Record<string, string | undefined>>
  },
): Parameters<typeof runHooks>[1] {
  const { context, phase, signal, told } = parts
  const about = { HOLDFAST_RUN_ID: String(order.runId), HOLDFAST_RUN_PLAN: order.planName, HOLDFAST_RUN_PHASE: phase }
  const { clock, policy } = context
  return { phase, signal, clock, log: logOf(context), policy: policy.commands, environment: { ...context.environment, ...about, ...told } }
}

function logOf(context: RunContext): RunContext['log'] {
  return (level, message) => context.log(level, message)
}

function statisticsOf({ summary, errorCount }: BackupResult, missing: number): RunStatistics {
  return {
    filesNew: summary.files_new,
    filesChanged: summary.files_changed,
    filesUnmodified: summary.files_unmodified,
    addedBytes: summary.data_added,
    storedBytes: summary.data_added_packed,
    fileCount: summary.total_files_processed,
    totalBytes: summary.total_bytes_processed,
    errorCount: errorCount + missing,
  }
}

/** Aborted when a run has taken as long as it may. */
function deadlineOf({ maxDurationMinutes }: Limits, clock: Clock): Disposable & { readonly signal: AbortSignal } {
  const deadline = new AbortController()
  const over = new AbortController()
  if (maxDurationMinutes !== undefined) {
    clock.sleep(maxDurationMinutes * 60_000, over.signal).then(
      () => deadline.abort(new AgentError('run.timeout', `Cannot go on: the run took longer than ${maxDurationMinutes} min`)),
      () => undefined,
    )
  }
  return { signal: deadline.signal, [Symbol.dispose]: () => over.abort() }
}

function codeOf(error: unknown): string {
  return isEngineError(error) || isAgentError(error) ? error.code : 'run.failed'
}
