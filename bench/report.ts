import { megabytes, ratio, seconds } from './figures.ts'
import { describeBounds, isKept, PROMISES, type PromiseName } from './promises.ts'
import { type CaseResult, type Comparison, medianSeconds, peakBytes, speedup, type Table } from './results.ts'
import { TOOL_NAMES, type ToolName } from './tools.ts'

const PROMISE_NAMES = Object.keys(PROMISES) as readonly PromiseName[]

/** All that a run has found out. */
export interface ReportParts {
  readonly machine: readonly (readonly [name: string, value: string])[]
  readonly data: readonly { readonly name: string; readonly counts: { readonly files: number; readonly bytes: number } }[]
  readonly results: readonly CaseResult[]
  readonly repeats: number
}

/** The report as Markdown whose tables can be read on a terminal too. */
export function renderReport(parts: ReportParts): string {
  const { results } = parts
  const comparisons = results.flatMap((result) => result.comparisons ?? [])
  const tables = [
    promiseTable(results),
    ...(comparisons.length === 0 ? [] : [timeTable(comparisons), resourceTable(comparisons)]),
    ...results.flatMap((result) => result.tables ?? []),
    dataTable(parts),
    { title: 'Machine', columns: ['', ''], rows: parts.machine },
  ]
  const notes = [
    `Times are wall times of whole commands, median of ${parts.repeats} (least to most in brackets); peaks are the highest of all runs.`,
    'Data and repositories are on a tmpfs. holdfast and restic run with `--no-cache` and their defaults otherwise; borg with',
    '`--compression zstd,3`, `repokey` and its caches. How to read all this: [README.md](README.md).',
    ...results.flatMap((result) => result.notes ?? []),
  ]
  return `# Figures of the last run\n\nWritten by \`npm run bench\`.\n\n${notes.join('\n')}\n\n${tables.map(renderTable).join('\n')}`
}

function promiseTable(results: readonly CaseResult[]): Table {
  const outcomes = results.flatMap((result) => result.outcomes ?? [])
  const rows = PROMISE_NAMES.flatMap((name) => outcomes.filter(({ promise }) => promise === name)).map((outcome) => [
    PROMISES[outcome.promise].figure,
    describeBounds(outcome.promise),
    outcome.values.map(ratio).join(', ') + (outcome.remark === undefined ? '' : ` (${outcome.remark})`),
    isKept(outcome) ? 'yes' : 'no',
  ])
  return { title: 'What is promised', columns: ['figure', 'required', 'measured', 'reached'], rows }
}

function timeTable(comparisons: readonly Comparison[]): Table {
  const rows = comparisons.map((comparison) => [
    comparison.title,
    ...TOOL_NAMES.map((tool) => timesOf(comparison, tool)),
    ratio(speedup(comparison, 'restic')),
    ratio(speedup(comparison, 'borg')),
  ])
  return { title: 'Time, s', columns: ['', ...TOOL_NAMES, 'restic / ours', 'borg / ours'], rows }
}

function timesOf(comparison: Comparison, tool: ToolName): string {
  const all = (comparison.runs[tool] ?? []).map((run) => run.seconds)
  const middle = seconds(medianSeconds(comparison, tool))
  return all.length < 2 ? middle : `${middle} (${seconds(Math.min(...all))} to ${seconds(Math.max(...all))})`
}

function resourceTable(comparisons: readonly Comparison[]): Table {
  const rows = comparisons.map((comparison) => [
    comparison.title,
    ...TOOL_NAMES.map((tool) => megabytes(peakBytes(comparison, tool))),
    ...TOOL_NAMES.map((tool) => seconds(Math.max(...(comparison.runs[tool] ?? []).map((run) => run.cpuSeconds)))),
  ])
  const columns = ['', ...TOOL_NAMES.map((tool) => `${tool} MB`), ...TOOL_NAMES.map((tool) => `${tool} CPU s`)]
  return { title: 'Peak resident memory and processor time', columns, rows }
}

function dataTable({ data }: ReportParts): Table {
  const rows = data.map(({ name, counts }) => [name, String(counts.files), megabytes(counts.bytes)])
  return { title: 'Data of the first backups', columns: ['part', 'files', 'MB'], rows }
}

function renderTable({ title, columns, rows }: Table): string {
  const widths = columns.map((column, at) => Math.max(3, column.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${widths.map((width, at) => (cells[at] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [`## ${title}`, '', line(columns), rule, ...rows.map(line), ''].join('\n')
}
