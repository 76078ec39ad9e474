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

/** When clocks of the zone first show a time; where they skip it, when they do. */
function momentOf(localMs: number, zone: TimeZone): number {
  const [before, after] = [offsetMs(localMs - DAY_MS, zone), offsetMs(localMs + DAY_MS, zone)]
  const moments = [before, after].map((offset) => localMs - offset).sort((a, b) => a - b)
  return moments.find((moment) => moment + offsetMs(moment, zone) === localMs) ?? localMs - before
}

function offsetMs(atMs: number, zone: TimeZone): number {
  return zone.offsetSecondsAt(Math.floor(atMs / 1000)) * 1000
}
