import { type Instant, parseTimestamp, type Timestamp } from '../format/timestamp.ts'
import type { TimeZone } from '../host/time-zone.ts'

const SECONDS_PER_DAY = 86_400
const ZONE = /(?:Z|([+-])(\d\d):(\d\d))$/

/** The zone of UTC. */
export const UTC: TimeZone = { offsetSecondsAt: () => 0 }

/** A moment together with the zone in which its calendar is read. */
export interface ZonedInstant extends Instant {
  readonly zone: TimeZone
}

/** A day of the Gregorian calendar and the second of that day on the clock of a zone. */
export interface CivilTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
  readonly secondOfDay: number
}

/** A span of the calendar. Unlike a span of time its length depends on where it begins. */
export interface CalendarSpan {
  readonly years: number
  readonly months: number
  readonly days: number
  readonly hours: number
}

/**
 * A time with the zone that Go gives it when it reads the same text: UTC for `Z`, `localZone` where that has the same offset at this
 * moment, else a zone of this one offset. The choice does not change the moment; it matters for {@link before}.
 */
export function readZoned(time: Timestamp, localZone: TimeZone): ZonedInstant {
  const instant = parseTimestamp(time)
  const [, sign, hours, minutes] = ZONE.exec(time) ?? []
  if (sign === undefined) return { ...instant, zone: UTC }
  const offsetSeconds = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60)
  const isLocal = localZone.offsetSecondsAt(instant.seconds) === offsetSeconds
  return { ...instant, zone: isLocal ? localZone : { offsetSecondsAt: () => offsetSeconds } }
}

/** Negative where `left` is earlier, positive where it is later, 0 where both are the same moment. */
export function compareInstants(left: Instant, right: Instant): number {
  return left.seconds - right.seconds || left.nanoseconds - right.nanoseconds
}

/** What calendar and clock of its zone say at a moment. */
export function civilTime({ seconds, zone }: ZonedInstant): CivilTime {
  const local = seconds + zone.offsetSecondsAt(seconds)
  const dayNumber = Math.floor(local / SECONDS_PER_DAY)
  return { ...civilDay(dayNumber), secondOfDay: local - dayNumber * SECONDS_PER_DAY }
}

/** The week of ISO 8601 (Monday to Sunday, the first one has the year's first Thursday) and the year it belongs to. */
export function isoWeek(time: CivilTime): { readonly year: number; readonly week: number } {
  const dayNumber = dayNumberOf(time.year, time.month, time.day)
  // 1970-01-01, day 0, was a Thursday.
  const daysSinceMonday = (((dayNumber + 3) % 7) + 7) % 7
  const thursday = dayNumber - daysSinceMonday + 3
  const { year } = civilDay(thursday)
  return { year, week: Math.floor((thursday - dayNumberOf(year, 1, 1)) / 7) + 1 }
}

/**
 * The moment that lies a span before another: years, months and days are counted on the calendar, where a day that does not exist is taken
 * as that many days after the month's beginning (31 March less a month is 3 March, or 2 March in leap years), and hours are taken off the
 * result.
 */
export function before(moment: ZonedInstant, span: CalendarSpan): Instant {
  const civil = civilTime(moment)
  const monthNumber = (civil.year - span.years) * 12 + (civil.month - 1) - span.months
  const year = Math.floor(monthNumber / 12)
  const dayNumber = dayNumberOf(year, monthNumber - year * 12 + 1, 1) + (civil.day - 1) - span.days
  const seconds = fromWallClock(dayNumber * SECONDS_PER_DAY + civil.secondOfDay, moment.zone) - span.hours * 3600
  return { seconds, nanoseconds: moment.nanoseconds }
}

/**
 * The moment at which the clocks of a zone show a time. Where they show it twice or never, the choice is that of Go's `time.Date`: the
 * offset that is valid when UTC shows the same, unless this leads across a change of offset.
 */
function fromWallClock(localSeconds: number, zone: TimeZone): number {
  const offset = zone.offsetSecondsAt(localSeconds)
  return offset === 0 ? localSeconds : localSeconds - zone.offsetSecondsAt(localSeconds - offset)
}

/** Days from 1970-01-01 to a day; years begin in March here, so that a leap day is the last of its year. */
function dayNumberOf(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return marchYear * 365 + Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400) + dayOfYear - 719_468
}

/** The inverse of {@link dayNumberOf}, over eras of 400 years, which have 146,097 days each. */
function civilDay(dayNumber: number): Omit<CivilTime, 'secondOfDay'> {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  return { year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day }
}
