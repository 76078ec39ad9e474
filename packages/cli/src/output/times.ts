import { formatTimestamp, parseTimestamp, type Timestamp, timestampFromMs } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'

/** A moment on this machine's clock: `2024-05-01 17:30:00`. */
export function localTime(timestamp: Timestamp): string {
  return formatTimestamp(parseTimestamp(timestamp).seconds, 0).slice(0, 19).replace('T', ' ')
}

/** The name of this machine's time zone for a footer. */
export function zoneName(): string {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone
  return name === undefined || name === '' ? 'local time' : name
}

/**
 * Reads `2012-11-01 22:08:41`, a moment on this machine's clock.
 * @throws {CommandFailure} `usage`
 */
export function parseLocalTime(text: string): Timestamp {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text)
  const parts = match?.slice(1).map(Number) ?? []
  const timestamp = fromParts(parts)
  if (timestamp === undefined)
    throw new CommandFailure('usage', `error in time option: ${JSON.stringify(text)} is not like 2012-11-01 22:08:41`)
  return timestamp
}

/**
 * Reads the forms that `find` takes: a day as `2006-01-02` or `02.01.2006`, perhaps with a time of day and an offset such as `-0700`.
 * @throws {CommandFailure} `usage`
 */
export function parseLooseTime(text: string): Timestamp {
  const match = /^(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)\.(\d\d)\.(\d{4}))(?: (\d\d):(\d\d)(?::(\d\d)(?: (?:([+-]\d\d)(\d\d)|UTC))?)?)?$/.exec(
    text,
  )
  const [, year, month, day, lateDay, lateMonth, lateYear, hour = '00', minute = '00', second = '00', offsetHours, offsetMinutes] =
    match ?? []
  const date = [year ?? lateYear, month ?? lateMonth, day ?? lateDay, hour, minute, second].map(Number)
  const isZoned = text.endsWith('UTC') || offsetHours !== undefined
  const zone = offsetHours === undefined ? '+00:00' : `${offsetHours}:${offsetMinutes}`
  const timestamp = isZoned ? zonedTime(date, zone) : fromParts(date)
  if (match === null || timestamp === undefined) throw new CommandFailure('usage', `unable to parse time: ${JSON.stringify(text)}`)
  return timestamp
}

function fromParts(parts: readonly number[]): Timestamp | undefined {
  const [year = Number.NaN, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  const date = new Date(year, month - 1, day, hour, minute, second)
  const isReal = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60
  return isReal ? timestampFromMs(date.getTime()) : undefined
}

function zonedTime(parts: readonly number[], zone: string): Timestamp | undefined {
  const [date, time] = [parts.slice(0, 3), parts.slice(3)].map((some) => some.map((part) => String(part).padStart(2, '0')))
  const ms = Date.parse(`${date?.join('-')}T${time?.join(':')}${zone}`)
  return Number.isNaN(ms) ? undefined : timestampFromMs(ms)
}
