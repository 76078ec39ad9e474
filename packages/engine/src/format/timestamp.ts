import { EngineError } from '../errors.ts'
import { calendarDayOf, dayNumberOf, isCalendarDay, SECONDS_PER_DAY } from './calendar.ts'
import { zoneOffsetAt } from './local-zone.ts'

/** A moment in RFC 3339 with up to nine decimals and a zone offset, exactly as Go writes it: `2014-12-22T14:47:59.912418701+01:00`. */
export type Timestamp = string & { readonly __timestamp: true }

/** A moment in Unix time; `nanoseconds` counts from 0 to 999,999,999 upwards from `seconds`, before 1970 too. */
export interface Instant {
  readonly seconds: number
  readonly nanoseconds: number
}

/** What Go's `time.Time` holds before anything is put into it, hence the time of a node that came without one. */
export const ZERO_TIMESTAMP: Timestamp = '0001-01-01T00:00:00Z' as Timestamp

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

const DAY_OF_YEAR = '(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31'
const HOUR_AND_MINUTE = '(?:[01][0-9]|2[0-3]):[0-5][0-9]'
/** The same for the days that every year has, with nothing to take out: this is asked three times for each node that is read. */
const IN_EVERY_YEAR = new RegExp(String.raw`^\d{4}-(?:${DAY_OF_YEAR})T${HOUR_AND_MINUTE}:[0-5]\d(?:\.\d+)?(?:Z|[+-]${HOUR_AND_MINUTE})$`)

const FIRST_DAY = dayNumberOf({ year: 0, month: 1, day: 1 })
const LAST_DAY = dayNumberOf({ year: 9999, month: 12, day: 31 })

/** `14:47:` for each minute of a day, `59` for each second of a minute: looking them up is faster than padding numbers. */
const MINUTES = Array.from({ length: 1440 }, (_, minute) => `${padded(Math.floor(minute / 60), 2)}:${padded(minute % 60, 2)}:`)
const SECONDS = Array.from({ length: 60 }, (_, second) => padded(second, 2))

/** The dates of ten years, after which the cache begins anew. */
const CACHED_DATES_MAX = 3660
const cachedDates = new Map<number, string>()

/**
 * A moment as Go's `time.Time` writes it into JSON, in the zone of this machine. Years outside of 0 to 9999, which RFC 3339 cannot name,
 * become 0 or 9999 with nothing else changed, as restic does it.
 *
 * @param seconds a whole number of seconds since 1970, negative before
 * @param nanoseconds 0 to 999,999,999
 */
export function formatTimestamp(seconds: number, nanoseconds: number): Timestamp {
  const offset = zoneOffsetAt(seconds)
  const local = seconds + offset.seconds
  const dayNumber = Math.floor(local / SECONDS_PER_DAY)
  if (dayNumber < FIRST_DAY || dayNumber > LAST_DAY) return formatTimestamp(withinYears(local, dayNumber), nanoseconds)
  const secondOfDay = local - dayNumber * SECONDS_PER_DAY
  const minute = Math.floor(secondOfDay / 60)
  const clock = `${dateText(dayNumber)}T${MINUTES[minute]}${SECONDS[secondOfDay - minute * 60]}`
  return (clock + fraction(nanoseconds) + offset.suffix) as Timestamp
}

/** A moment in milliseconds since 1970 as {@link formatTimestamp} writes it. */
export function timestampFromMs(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000)
  return formatTimestamp(seconds, Math.floor((ms - seconds * 1000) * 1_000_000))
}

/**
 * The moment that a text in RFC 3339 means. Decimals after the ninth are cut off, as in Go.
 *
 * @throws EngineError `data.malformed`
 */
export function parseTimestamp(text: string): Instant {
  const match = RFC3339.exec(text)
  if (match === null || !isCalendarDay(dayOfMatch(match))) {
    throw new EngineError('data.malformed', `Cannot read time ${JSON.stringify(text.slice(0, 64))}: not in RFC 3339`)
  }
  const clock = Number(match[4]) * 3600 + Number(match[5]) * 60 + Number(match[6])
  const offset = match[8] === undefined ? 0 : (Number(match[9]) * 60 + Number(match[10])) * (match[8] === '-' ? -60 : 60)
  return {
    seconds: dayNumberOf(dayOfMatch(match)) * SECONDS_PER_DAY + clock - offset,
    nanoseconds: match[7] === undefined ? 0 : Number(match[7].slice(0, 9).padEnd(9, '0')),
  }
}

/** Whether `text` is a time that Go's `time.Time` would accept: RFC 3339 with a day that exists, no leap second. */
export function isTimestamp(text: string): text is Timestamp {
  if (IN_EVERY_YEAR.test(text)) return true
  const match = RFC3339.exec(text)
  return match !== null && isCalendarDay(dayOfMatch(match))
}

/** The milliseconds since 1970, rounded down. */
export function timestampToMs(timestamp: Timestamp): number {
  const { seconds, nanoseconds } = parseTimestamp(timestamp)
  return seconds * 1000 + Math.floor(nanoseconds / 1_000_000)
}

/** Negative where `a` is the earlier moment, positive where `b` is, zero where they are the same, whatever their zones. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  if (a === b) return 0
  const [instantA, instantB] = [parseTimestamp(a), parseTimestamp(b)]
  return instantA.seconds - instantB.seconds || instantA.nanoseconds - instantB.nanoseconds
}

/** Whether two times mean the same moment, whatever their zones. */
export function sameInstant(a: Timestamp, b: Timestamp): boolean {
  return a === b || compareTimestamps(a, b) === 0
}

/** The Unix time at which the clocks of this machine show the same as at `local` but in a year that RFC 3339 can name. */
function withinYears(local: number, dayNumber: number): number {
  const { month, day } = calendarDayOf(dayNumber)
  const clampedDay = dayNumberOf({ year: dayNumber < FIRST_DAY ? 0 : 9999, month, day })
  const wallClock = clampedDay * SECONDS_PER_DAY + (local - dayNumber * SECONDS_PER_DAY)
  return wallClock - zoneOffsetAt(wallClock - zoneOffsetAt(wallClock).seconds).seconds
}

function dateText(dayNumber: number): string {
  let date = cachedDates.get(dayNumber)
  if (date === undefined) {
    const { year, month, day } = calendarDayOf(dayNumber)
    date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`
    if (cachedDates.size >= CACHED_DATES_MAX) cachedDates.clear()
    cachedDates.set(dayNumber, date)
  }
  return date
}

/** Decimals without the zeros at their end, with their point; nothing for a whole second. */
function fraction(nanoseconds: number): string {
  if (nanoseconds === 0) return ''
  let [value, digits] = [nanoseconds, 9]
  for (; value % 10 === 0; digits--) value /= 10
  return `.${padded(value, digits)}`
}

function dayOfMatch(match: RegExpExecArray): { readonly year: number; readonly month: number; readonly day: number } {
  return { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
