import { type CheckReport, checkRepository, type OpenRepository, type PackId, repairCommands } from '@holdfast/engine'
import type { RunStatistics } from '@holdfast/protocol'
import type { RunHandle } from '../runs/run-handle.ts'
import { packsOfShare, type ReadingShare } from './reading-round.ts'

/** Commands that are longer than this, as those that name many packs, are in the log alone. */
const COMMANDS_MAX = 600

/** One check of one repository. */
export interface CheckJob {
  /** Whose data is read; undefined for none. */
  readonly share: Omit<ReadingShare, 'after'> | undefined
  /** Packs that are read besides, as far as they are still there. */
  readonly again: readonly PackId[]
  readonly run: Pick<RunHandle, 'log' | 'progress'>
  readonly signal: AbortSignal
}

/** What a check has come to. */
export interface CheckOutcome {
  readonly statistics: RunStatistics
  /** What is wrong, with what puts it right; undefined when nothing is. */
  readonly damage: string | undefined
  /** The packs that are damaged or cannot be read. */
  readonly damagedPacks: readonly string[]
  /** Whether all was looked at that was to be. */
  readonly isComplete: boolean
}

/**
 * Looks for everything that is wrong with a repository, and reads a share of its data and what was damaged before. Damage is an outcome,
 * not an error.
 */
export async function carryOutCheck(repository: OpenRepository, { share, again, run, signal }: CheckJob): Promise<CheckOutcome> {
  let errorCount = 0
  const damagedPacks = new Set<string>()
  const report = await checkRepository(repository, {
    signal,
    readData: (packs: ReadonlyMap<PackId, number>) => [
      ...new Set([...(share === undefined ? [] : packsOfShare(packs.keys(), share)), ...again.filter((id) => packs.has(id))]),
    ],
    onFinding: ({ severity, message, file }) => {
      if (severity === 'error') errorCount++
      if (severity === 'error' && file?.kind === 'data') damagedPacks.add(file.name)
      run.log(severity === 'error' ? 'error' : 'info', message)
    },
    onProgress: ({ step, done, total }) =>
      run.progress({
        ...{ phase: step, doneFiles: done, totalFiles: total ?? null, doneBytes: 0, totalBytes: null },
        ...{ currentItem: null, errorCount },
      }),
  })
  if (!report.isComplete) for (const id of again) damagedPacks.add(id)
  if (report.errorCount > 0)
    for (const command of repairCommands(report)) run.log('info', `To be run, in the order of these lines: ${command}`)
  if (share !== undefined) run.log('info', `Read ${report.packsRead} packs: part ${share.from} to ${share.to} of ${share.parts}`)
  return { statistics: statisticsOf(report), damage: damageOf(report), damagedPacks: [...damagedPacks], isComplete: report.isComplete }
}

function statisticsOf({ snapshotCount, packsRead, bytesRead, errorCount, hintCount }: CheckReport): RunStatistics {
  return { readBytes: bytesRead, errorCount, other: { snapshots: snapshotCount, packsRead, hints: hintCount } }
}

function damageOf(report: CheckReport): string | undefined {
  const { errorCount, affected } = report
  if (errorCount === 0) return undefined
  const found = errorCount === 1 ? '1 error was found' : `${errorCount} errors were found`
  const snapshots = affected.length === 1 ? '1 snapshot' : `${affected.length} snapshots`
  const lost = affected.length === 0 ? '' : `, ${snapshots} cannot be restored whole`
  const commands = repairCommands(report).join('; ')
  const help = commands.length > COMMANDS_MAX ? 'the log of this check has the commands' : `run, in this order: ${commands}`
  return `The repository is damaged: ${found}${lost}. To rescue what is sound, ${help}`
}
