import { displayWidth } from './format.ts'

/** A column of a table: its heading and what it shows of a row, perhaps in several lines. */
export interface Column<Row> {
  readonly heading: string
  cell(row: Row): string
}

/** What stands around the rows. */
export interface TableOptions {
  readonly footer?: readonly string[]
  /** An empty line between rows. */
  readonly spaced?: boolean
}

const GAP = '  '

/** The lines of a table as restic draws it: heading, rule, rows, rule, footer. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions = {}): string[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row).split('\n')))
  const headings = columns.map((column) => [column.heading])
  const widths = columns.map((_, at) => Math.max(...[headings, ...cells].flatMap((row) => (row[at] ?? []).map(displayWidth))))
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width, 0) + (columns.length - 1) * GAP.length)
  const body = cells.flatMap((row, index) => [...(options.spaced === true && index > 0 ? [''] : []), ...rowLines(row, widths)])
  return [...rowLines(headings, widths), rule, ...body, rule, ...(options.footer ?? [])]
}

function rowLines(row: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(1, ...row.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    row
      .map((lines, at) => {
        const cell = lines[line] ?? ''
        return cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - displayWidth(cell)))
      })
      .join(GAP)
      .trimEnd(),
  )
}
