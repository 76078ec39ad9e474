import { EngineError } from '../errors.ts'
import type { CalendarSpan } from './calendar.ts'

/** How far a `within` rule reaches back. Whole numbers, none negative. */
export type RetentionDuration = CalendarSpan

const UNITS = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const
const DURATION = /^(?:\d+[ymdh])*$/
const PART = /(\d+)([ymdh])/g

/**
 * Reads restic's notation: whole numbers with a unit each, `1y5m7d2h` for a year, five months, seven days and two hours, in any order. A
 * unit that comes twice counts as it comes last, and the empty text is no duration at all. Negative numbers, which restic reads and then
 * refuses, are refused here.
 *
 * @throws EngineError `input.invalid`
 */
export function parseRetentionDuration(text: string): RetentionDuration {
  const trimmed = text.trim()
  if (!DURATION.test(trimmed)) throw invalidDuration(text, 'not of the form 1y5m7d2h')
  const duration = { years: 0, months: 0, days: 0, hours: 0 }
  for (const [, digits, unit] of trimmed.matchAll(PART)) {
    const count = Number(digits)
    if (!Number.isSafeInteger(count)) throw invalidDuration(text, 'a number is too large')
    duration[UNITS[unit as keyof typeof UNITS]] = count
  }
  return duration
}

/** A duration in restic's notation, largest unit first; empty where nothing is counted. */
export function formatRetentionDuration({ years, months, days, hours }: RetentionDuration): string {
  return `${part(years, 'y')}${part(months, 'm')}${part(days, 'd')}${part(hours, 'h')}`
}

/** Whether a rule of this duration says nothing, which is what restic makes of a duration that is zero. */
export function isNoDuration({ years, months, days, hours }: RetentionDuration): boolean {
  return years === 0 && months === 0 && days === 0 && hours === 0
}

function part(count: number, unit: keyof typeof UNITS): string {
  return count === 0 ? '' : `${count}${unit}`
}

function invalidDuration(text: string, state: string): EngineError {
  return new EngineError('input.invalid', `Cannot read duration ${JSON.stringify(text.slice(0, 64))}: ${state}`)
}
