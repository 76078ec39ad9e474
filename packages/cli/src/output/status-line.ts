import { displayWidth } from './format.ts'

/** A piece of a status line, with the blanks or the comma before it. */
export interface StatusPart {
  readonly text: string
  /** Where room is scarce, the parts with the highest rank are left out first; those of rank 0 never. */
  readonly rank: number
}

/** How much is done: drawn as a bar, long or short. */
export interface StatusBar {
  readonly done: number
  readonly total: number
  /** As of the parts. */
  readonly rank: number
}

/** Two lengths and none between, so that the bar does not grow and shrink with the digits of the other parts. */
const LONG_BAR_COLUMNS = 20
const SHORT_BAR_COLUMNS = 10
/** A blank and the two ends of the bar. */
const BAR_FRAME_COLUMNS = 3

/**
 * The parts in one line of at most so many columns, as far as leaving out can make it fit.
 * @param options.bar stands behind the first part.
 */
export function statusLine(
  parts: readonly StatusPart[],
  options: { readonly columns: number; readonly bar?: StatusBar | undefined },
): string {
  const { columns, bar } = options
  const ranks = [...parts, ...(bar === undefined ? [] : [bar])].map(({ rank }) => rank)
  for (let limit = Math.max(...ranks); ; limit--) {
    const [first = '', ...others] = parts.filter(({ rank }) => rank <= limit).map(({ text }) => text)
    const room = columns - displayWidth(first + others.join(''))
    const hasBar = bar !== undefined && bar.rank <= limit
    const fits = room >= (hasBar ? BAR_FRAME_COLUMNS + SHORT_BAR_COLUMNS : 0)
    if (!fits && limit > 0) continue
    return [first, hasBar ? ` ${drawBar(bar, room - BAR_FRAME_COLUMNS)}` : '', ...others].join('')
  }
}

function drawBar({ done, total }: StatusBar, room: number): string {
  const columns = room >= LONG_BAR_COLUMNS ? LONG_BAR_COLUMNS : SHORT_BAR_COLUMNS
  const filled = total === 0 ? 0 : Math.min(columns, Math.floor((columns * done) / total))
  return `|${'#'.repeat(filled)}${'-'.repeat(columns - filled)}|`
}
