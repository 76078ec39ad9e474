import type { Measurement } from './command.ts'
import { median } from './figures.ts'
import type { Outcome } from './promises.ts'
import type { ToolName } from './tools.ts'

/** The same work done by several tools, run by run. */
export interface Comparison {
  readonly title: string
  readonly runs: Readonly<Partial<Record<ToolName, readonly Measurement[]>>>
}

/** A table of the report, cells as they are shown. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What a case found out. */
export interface CaseResult {
  readonly comparisons?: readonly Comparison[]
  readonly tables?: readonly Table[]
  readonly outcomes?: readonly Outcome[]
  readonly notes?: readonly string[]
}

/** The median of a tool's wall times; NaN when it did not run. */
export function medianSeconds(comparison: Comparison, tool: ToolName): number {
  return median((comparison.runs[tool] ?? []).map(({ seconds }) => seconds))
}

/** How many times as long as we a tool takes, median by median. */
export function speedup(comparison: Comparison, tool: ToolName): number {
  return medianSeconds(comparison, tool) / medianSeconds(comparison, 'holdfast')
}

/** The most memory that a tool took in any run. */
export function peakBytes(comparison: Comparison, tool: ToolName): number {
  return Math.max(...(comparison.runs[tool] ?? []).map((run) => run.peakBytes))
}
