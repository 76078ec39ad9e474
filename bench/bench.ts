import type { Measurement } from './command.ts'
import type { BenchSizes } from './options.ts'
import type { Comparison } from './results.ts'
import type { Runner } from './runner.ts'
import type { Tool, ToolName } from './tools.ts'
import type { Workspace } from './workspace.ts'

/** What every case works with. */
export interface Bench {
  readonly workspace: Workspace
  readonly runner: Runner
  readonly tools: readonly Tool[]
  readonly sizes: BenchSizes
  /** Prints one line about what happens. */
  readonly say: (text: string) => void
}

export interface PairedOptions {
  readonly title: string
  /** Does the work once with one tool; only what it returns counts. */
  readonly run: (tool: Tool, round: number) => Promise<Measurement>
  /** Called before each round, unmeasured. */
  readonly beforeRound?: (round: number) => Promise<void>
}

/** Has every tool do the same work in turn, as often as the bench repeats; each round begins with another tool. */
export async function runPaired(bench: Bench, options: PairedOptions): Promise<Comparison> {
  const { tools, sizes, say } = bench
  const runs: Record<ToolName, Measurement[]> = { holdfast: [], restic: [], borg: [] }
  for (let round = 0; round < sizes.repeats; round++) {
    await options.beforeRound?.(round)
    const first = round % tools.length
    for (const tool of [...tools.slice(first), ...tools.slice(0, first)]) {
      const measurement = await options.run(tool, round)
      runs[tool.name].push(measurement)
      say(`${options.title}, round ${round + 1}: ${tool.name} ${describeMeasurement(measurement)}`)
    }
  }
  return { title: options.title, runs }
}

/** A measurement in a few words. */
export function describeMeasurement({ seconds, cpuSeconds, peakBytes }: Measurement): string {
  return `${seconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, peak ${(peakBytes / 1e6).toFixed(0)} MB`
}
