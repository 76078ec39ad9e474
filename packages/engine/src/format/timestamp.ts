import { EngineError } from '../errors.ts'

/** A moment in RFC 3339 with up to nine decimals and a zone offset, exactly as Go writes it: `2014-12-22T14:47:59.912418701+01:00`. */
export type Timestamp = string & { readonly __timestamp: true }

/** A moment in Unix time; `nanoseconds` counts from 0 to 999,999,999 upwards from `seconds`, before 1970 too. */
export interface Instant {
  readonly seconds: number
  readonly nanoseconds: number
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/
const SECONDS_PER_DAY = 86_400

/** Whether `text` is a time that Go's `time.Time` would accept: RFC 3339 with a day that exists, no leap second. */
export function isTimestamp(text: string): text is Timestamp {
  const match = RFC3339.exec(text)
  return match !== null && isDay(Number(match[1]), Number(match[2]), Number(match[3]))
}

/**
 * The moment that a text in RFC 3339 means. Decimals after the ninth are cut off, as in Go.
 *
 * @throws EngineError `data.malformed`
 */
export function parseTimestamp(text: string): Instant {
  const match = RFC3339.exec(text)
  const [year, month, day] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])]
  if (match === null || !isDay(year, month, day)) {
    throw new EngineError('data.malformed', `Cannot read time ${JSON.stringify(text.slice(0, 64))}: not in RFC 3339`)
  }
  const clock = Number(match[4]) * 3600 + Number(match[5]) * 60 + Number(match[6])
  const offset = match[8] === undefined ? 0 : (Number(match[9]) * 60 + Number(match[10])) * (match[8] === '-' ? -60 : 60)
  return {
    seconds: dayNumber(year, month, day) * SECONDS_PER_DAY + clock - offset,
    nanoseconds: match[7] === undefined ? 0 : Number(match[7].slice(0, 9).padEnd(9, '0')),
  }
}

function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days from 1970-01-01 in the Gregorian calendar, also before it was introduced. */
function dayNumber(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const dayOfMarchYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return marchYear * 365 + Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400) + dayOfMarchYear - 719_468
}
