import { CALENDAR_CYCLE_SECONDS, dayNumberOf, SECONDS_PER_DAY } from './calendar.ts'

/** How far the clocks of this machine's zone are ahead of UTC. */
export interface ZoneOffset {
  readonly seconds: number
  /** As Go writes it: `Z` for no difference, else `+01:00`, seconds cut off. */
  readonly suffix: string
}

/** One day (UTC) of the zone: the offset before and after `change`, a Unix time which is Infinity where the clocks are not changed. */
interface ZoneDay {
  readonly change: number
  readonly before: ZoneOffset
  readonly after: ZoneOffset
}

/** The days of ten years, after which the cache begins anew. */
const CACHED_DAYS_MAX = 3660

/** `Date` holds 100 million days around 1970. */
const DATE_SECONDS_MAX = 8_640_000_000_000 - SECONDS_PER_DAY

const cachedDays = new Map<number, ZoneDay>()
let lastDayNumber = Number.NaN
let lastDay: ZoneDay | undefined

/**
 * The offset of this machine's zone at a Unix time. Asking `Date` takes a microsecond, which is too much for three times a file, so days
 * are remembered; a zone is taken to change its clocks no more than once in a day.
 */
export function zoneOffsetAt(seconds: number): ZoneOffset {
  const dayNumber = Math.floor(seconds / SECONDS_PER_DAY)
  const day = dayNumber === lastDayNumber && lastDay !== undefined ? lastDay : zoneDay(dayNumber)
  return seconds < day.change ? day.before : day.after
}

function zoneDay(dayNumber: number): ZoneDay {
  let day = cachedDays.get(dayNumber)
  if (day === undefined) {
    day = readZoneDay(dayNumber)
    if (cachedDays.size >= CACHED_DAYS_MAX) cachedDays.clear()
    cachedDays.set(dayNumber, day)
  }
  lastDayNumber = dayNumber
  lastDay = day
  return day
}

function readZoneDay(dayNumber: number): ZoneDay {
  const start = dayNumber * SECONDS_PER_DAY
  const [first, last] = [offsetSecondsAt(start), offsetSecondsAt(start + SECONDS_PER_DAY - 1)]
  if (first === last) return { change: Number.POSITIVE_INFINITY, before: zoneOffset(first), after: zoneOffset(last) }
  let [before, change] = [start, start + SECONDS_PER_DAY - 1]
  while (change - before > 1) {
    const middle = Math.floor((before + change) / 2)
    if (offsetSecondsAt(middle) === first) before = middle
    else change = middle
  }
  return { change, before: zoneOffset(first), after: zoneOffset(last) }
}

/** The exact offset, which `getTimezoneOffset` would cut to minutes: zones had odd seconds before about 1900, some until 1972. */
function offsetSecondsAt(seconds: number): number {
  const date = new Date(withinDate(seconds) * 1000)
  const dayNumber = dayNumberOf({ year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate() })
  const clock = date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds()
  return dayNumber * SECONDS_PER_DAY + clock - withinDate(seconds)
}

/** A time that `Date` can hold with the same offset: the rules of a zone repeat themselves with the calendar. */
function withinDate(seconds: number): number {
  if (Math.abs(seconds) <= DATE_SECONDS_MAX) return seconds
  const cycles = Math.ceil((Math.abs(seconds) - DATE_SECONDS_MAX) / CALENDAR_CYCLE_SECONDS)
  return seconds - Math.sign(seconds) * cycles * CALENDAR_CYCLE_SECONDS
}

function zoneOffset(seconds: number): ZoneOffset {
  const minutes = Math.floor(Math.abs(seconds) / 60)
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'))
  return { seconds, suffix: seconds === 0 ? 'Z' : `${seconds < 0 ? '-' : '+'}${hour}:${minute}` }
}
