const DAY_MS = 86_400_000
/** What is looked back at. */
const RECENT_DAYS = 30
const POINTS_MIN = 3
/** What is further away than ten years is not worth a number. */
const DAYS_MAX = 3650

/** How much room was left on a day. */
export interface RoomOnDay {
  readonly day: string
  readonly freeBytes: number | null
}

/**
 * After how many days no room is left, if it goes on as in the last thirty days: the straight line that fits them best. Null while too
 * little is known, and where the room does not shrink. `today` as 2026-11-21; days in order, oldest first.
 */
export function daysUntilFull(days: readonly RoomOnDay[], today: string): number | null {
  const now = dayNumber(today)
  const points = days.flatMap(({ day, freeBytes }) => (freeBytes === null ? [] : [{ at: dayNumber(day), free: freeBytes }]))
  const recent = points.filter(({ at }) => at > now - RECENT_DAYS && at <= now)
  const last = recent.at(-1)
  if (last === undefined || recent.length < POINTS_MIN) return null
  const lostADay = -slopeOf(recent)
  if (lostADay <= 0) return null
  const left = last.at + last.free / lostADay - now
  return left > DAYS_MAX ? null : Math.max(0, Math.floor(left))
}

/** The day of a moment, in UTC. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

function dayNumber(day: string): number {
  return Date.parse(day) / DAY_MS
}

function slopeOf(points: readonly { readonly at: number; readonly free: number }[]): number {
  const meanAt = points.reduce((sum, { at }) => sum + at, 0) / points.length
  const meanFree = points.reduce((sum, { free }) => sum + free, 0) / points.length
  const spread = points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0)
  const product = points.reduce((sum, { at, free }) => sum + (at - meanAt) * (free - meanFree), 0)
  return spread === 0 ? 0 : product / spread
}
