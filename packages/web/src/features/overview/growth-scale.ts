import type { HistoryDay } from '@holdfast/protocol'

const DAY_MS = 86_400_000
/** About so many lines cross a chart. */
const LINES = 4
/** Halves and quarters of the next unit are round, as it is 1024 of the one below. */
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const

/** Where days and amounts lie on a chart of some size, in its own units. */
export interface GrowthScale {
  /** The amounts at which lines are drawn, 0 first. */
  readonly lines: readonly number[]
  readonly points: readonly GrowthPoint[]
  y(bytes: number): number
}

export interface GrowthPoint {
  readonly x: number
  readonly y: number
  readonly day: HistoryDay
}

export interface ChartSize {
  readonly width: number
  readonly height: number
  /** Room for the amounts on the left. */
  readonly left: number
  readonly top: number
  readonly right: number
}

/** Lays out what was stored on days: days by their distance in time, amounts from 0 to the next round number. */
export function growthScale(days: readonly HistoryDay[], { width, height, left, top, right }: ChartSize): GrowthScale {
  const largest = Math.max(1, ...days.map(({ storedBytes }) => storedBytes))
  const step = roundStep(largest / LINES)
  const count = Math.ceil(largest / step)
  const y = (bytes: number): number => height - ((height - top) * bytes) / (count * step)
  const [from, to] = [dayNumber(days[0]), dayNumber(days.at(-1))]
  const x = (day: HistoryDay): number => left + ((width - left - right) * (dayNumber(day) - from)) / Math.max(1, to - from)
  return {
    lines: Array.from({ length: count + 1 }, (_, line) => line * step),
    points: days.map((day) => ({ x: x(day), y: y(day.storedBytes), day })),
    y,
  }
}

/** The point that is nearest to a place from the left. */
export function nearestPoint(points: readonly GrowthPoint[], x: number): GrowthPoint | undefined {
  return points.reduce<GrowthPoint | undefined>(
    (best, point) => (best === undefined || Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best),
    undefined,
  )
}

/** The smallest round amount of bytes, in units of 1024, that is no less than `bytes`. */
function roundStep(bytes: number): number {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return unit * (STEPS.find((step) => step * unit >= bytes) ?? 1024)
}

function dayNumber(day: HistoryDay | undefined): number {
  return day === undefined ? 0 : Date.parse(day.day) / DAY_MS
}
