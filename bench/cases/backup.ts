import type { Bench } from '../bench.ts'
import type { MainData } from '../data-sets.ts'
import { median, megabytes, ratio, seconds } from '../figures.ts'
import type { LimitMode } from '../limit-tasks.ts'
import type { Outcome } from '../promises.ts'
import { type CaseResult, medianSeconds, peakBytes, speedup, type Table } from '../results.ts'
import { TOOL_NAMES } from '../tools.ts'
import { type FirstBackups, firstBackups } from './first-backups.ts'

const LIMIT_MODES: readonly LimitMode[] = ['everything', 'engine']
/** The name of all data among its parts. */
export const ALL_DATA = 'all'

/** First backups of all data, with the limit of the machine measured in every round beside them. */
export async function backupCase(bench: Bench, data: MainData): Promise<{ readonly result: CaseResult; readonly backups: FirstBackups }> {
  const { runner, workspace, say } = bench
  const planFile = workspace.path('limit-plan.json')
  await runner.runProgram('./limit-plan.ts', [data.folder, planFile])
  const limits: Record<LimitMode, number[]> = { everything: [], engine: [] }
  const backups = await firstBackups(bench, {
    title: 'first backup, all data',
    paths: [data.folder],
    keep: true,
    beforeRound: async (round) => {
      for (const mode of LIMIT_MODES) {
        const limit = await runner.runProgram<{ readonly seconds: number }>('./limit.ts', [planFile, mode])
        limits[mode].push(limit.seconds)
        say(`limit (${mode}), round ${round + 1}: ${limit.seconds.toFixed(2)} s`)
      }
    },
  })
  workspace.remove(planFile)
  const { comparison } = backups
  const ours = medianSeconds(comparison, 'holdfast')
  const peak = peakBytes(comparison, 'holdfast')
  const outcomes: readonly Outcome[] = [
    { promise: 'firstBackup', values: [speedup(comparison, 'restic')] },
    { promise: 'peakMemory', values: [peak / 1e6], remark: `restic ${megabytes(peakBytes(comparison, 'restic'))}` },
    { promise: 'shareOfLimit', values: [median(limits.everything) / ours] },
  ]
  return { backups, result: { comparisons: [comparison], outcomes, tables: [limitTable(limits, ours)] } }
}

/** Outcome and table of what the repositories of the first backups take. */
export function storedBytes(parts: readonly { readonly name: string; readonly backups: FirstBackups }[]): CaseResult {
  const rows = parts.map(({ name, backups }) => {
    const { storedBytes: stored } = backups
    return [name, ...TOOL_NAMES.map((tool) => megabytes(stored[tool])), ratio(stored.holdfast / stored.restic)]
  })
  const whole = parts.find(({ name }) => name === ALL_DATA)?.backups.storedBytes
  return {
    tables: [{ title: 'Stored bytes, MB', columns: ['data', ...TOOL_NAMES, 'ours / restic'], rows }],
    outcomes: whole === undefined ? [] : [{ promise: 'storedBytes', values: [whole.holdfast / whole.restic] }],
  }
}

function limitTable(limits: Readonly<Record<LimitMode, readonly number[]>>, ours: number): Table {
  const names = {
    everything: 'every chunk read, hashed, compressed, sealed',
    engine: "the same with the engine's shortcuts: duplicates only hashed, incompressible chunks found by samples",
  }
  return {
    title: 'Share of the limit',
    columns: ['what the limit does, on all cores, and nothing else', 'limit s', 'our first backup s', 'share'],
    rows: LIMIT_MODES.map((mode) => {
      const limit = median(limits[mode])
      return [names[mode], seconds(limit), seconds(ours), (limit / ours).toFixed(2)]
    }),
  }
}
