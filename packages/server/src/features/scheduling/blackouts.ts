import type { TimeZone } from '@holdfast/engine'
import type { Blackout } from '@holdfast/protocol'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** More steps from window to window than there can be in a week of different ones: whoever needs more has left no time at all. */
const STEPS_MAX = 200

/** The first moment at or after `atMs` that is in no window on the clock of a zone; undefined when the windows leave no time. */
export function afterBlackouts(atMs: number, blackouts: readonly Blackout[], zone: TimeZone): number | undefined {
  let moment = atMs
  for (let step = 0; step < STEPS_MAX; step++) {
    const ends = blackouts.map((blackout) => endOfWindow(moment, blackout, zone)).filter((end) => end !== undefined)
    if (ends.length === 0) return moment
    moment = Math.max(...ends)
  }
  return undefined
}

/** The end of the window that a moment is in. One that began yesterday and lasts over midnight counts. */
function endOfWindow(atMs: number, { from, to, days }: Blackout, zone: TimeZone): number | undefined {
  const localMs = atMs + offsetMs(atMs, zone)
  const today = Math.floor(localMs / DAY_MS)
  const lengthMs = (minuteOf(to) - minuteOf(from)) * MINUTE_MS
  for (const day of [today - 1, today]) {
    if (days !== undefined && days.length > 0 && !days.includes(weekday(day))) continue
    const start = day * DAY_MS + minuteOf(from) * MINUTE_MS
    const end = start + (lengthMs > 0 ? lengthMs : lengthMs + DAY_MS)
    // Where clocks are set back, the end comes twice: the later one is far enough.
    if (start <= localMs && localMs < end) return Math.max(momentOf(end, zone), atMs + MINUTE_MS)
  }
  return undefined
}

/** The moment at which the clocks of a zone show a local time, given as if it were UTC. */
function momentOf(localMs: number, zone: TimeZone): number {
  const guess = localMs - offsetMs(localMs, zone)
  return localMs - offsetMs(guess, zone)
}

function offsetMs(atMs: number, zone: TimeZone): number {
  return zone.offsetSecondsAt(atMs / 1000) * 1000
}

/** 0 is Sunday; day 0, in 1970, was a Thursday. */
function weekday(dayNumber: number): number {
  return (dayNumber + 4) % 7
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
