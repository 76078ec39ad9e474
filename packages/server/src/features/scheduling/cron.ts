import type { FieldReason } from '@holdfast/protocol'
import { Cron } from 'croner'

/** Runs closer together than this are a mistake rather than a wish. */
const GAP_MS_MIN = 60_000
/** How many gaps are looked at. */
const GAPS = 20

/** When a cron expression comes due. */
export interface Cadence {
  /** The first moment after `afterMs` (milliseconds since 1970), or undefined when there is none any more. */
  next(afterMs: number): number | undefined
}

/** Why a cron expression cannot be used, for people, and for programs where it is one of the usual reasons. */
export interface CronProblem {
  readonly problem: string
  readonly reason?: FieldReason
}

/** The result of reading a cron expression: what it means, or why it cannot be used. */
export type ReadCron = { readonly cadence: Cadence; readonly problem?: undefined } | CronProblem

/**
 * Reads a cron expression of five or six fields, or one of `@hourly`, `@daily`, …, in a zone. Where clocks are set forward, a time of day
 * that does not exist comes at the first moment after the gap; where they are set back, a time of day that comes twice counts once, but
 * expressions for every hour or minute count both.
 */
export function readCron(expression: string, timeZone: string): ReadCron {
  if (!isTimeZone(timeZone)) return { problem: `there is no time zone ${JSON.stringify(timeZone)}` }
  // Croner would take a date as well, which comes once.
  if (!/^@[a-z]+$/i.test(expression) && ![5, 6].includes(expression.trim().split(/\s+/).length)) {
    return { problem: 'it takes five or six fields, or a name such as @daily', reason: 'not-a-schedule' }
  }
  try {
    const cron = new Cron(expression, { timezone: timeZone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' })
    return { cadence: { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() } }
  } catch (error) {
    return { problem: error instanceof Error ? error.message.replace(/^\w+: /, '') : 'it is no cron expression' }
  }
}

/** What is wrong with an expression that people enter at `nowMs`, or undefined. */
export function cronProblem(
  expression: string,
  { timeZone, nowMs }: { readonly timeZone: string; readonly nowMs: number },
): CronProblem | undefined {
  const read = readCron(expression, timeZone)
  if (read.problem !== undefined) return read
  let previous = read.cadence.next(nowMs)
  if (previous === undefined) return { problem: 'it never comes due', reason: 'never-due' }
  for (let index = 0; index < GAPS; index++) {
    const following = read.cadence.next(previous)
    if (following === undefined) return undefined
    if (following - previous < GAP_MS_MIN) return { problem: 'it comes due more than once a minute', reason: 'too-often' }
    previous = following
  }
  return undefined
}

/** Whether this runtime knows a time zone of that IANA name. */
export function isTimeZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
