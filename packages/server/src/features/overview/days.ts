import { namedTimeZone, type TimeZone } from '@holdfast/engine'

const DAY_MS = 86_400_000

/** A day of a time zone; `untilMs` is where the next begins. */
export interface Day {
  readonly day: string
  readonly sinceMs: number
  readonly untilMs: number
}

/** The last `count` days of a zone up to the one of `nowMs`, oldest first. @throws {EngineError} `input.invalid` for no zone. */
export function lastDays(nowMs: number, { count, timeZone }: { readonly count: number; readonly timeZone: string }): readonly Day[] {
  const zone = namedTimeZone(timeZone)
  const today = Math.floor((nowMs + offsetMs(nowMs, zone)) / DAY_MS) * DAY_MS
  return Array.from({ length: count }, (_, index) => {
    const localMs = today - (count - 1 - index) * DAY_MS
    return {
      day: new Date(localMs).toISOString().slice(0, 10),
      sinceMs: momentOf(localMs, zone),
      untilMs: momentOf(localMs + DAY_MS, zone),
    }
  })
}

/** When clocks of the zone show a time: the offset is that of a guess, which is right but for the hours around a change. */
function momentOf(localMs: number, zone: TimeZone): number {
  return localMs - offsetMs(localMs - offsetMs(localMs, zone), zone)
}

function offsetMs(atMs: number, zone: TimeZone): number {
  return zone.offsetSecondsAt(Math.floor(atMs / 1000)) * 1000
}
