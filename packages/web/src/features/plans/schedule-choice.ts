/** A schedule as people choose one; `cron` is whatever is none of the others. Days of the week count from 0 for Sunday. */
export type ScheduleChoice =
  | { readonly kind: 'manual' }
  /** Counted from midnight; `minute` is 0 where runs come more often than hourly. */
  | { readonly kind: 'interval'; readonly everyMinutes: number; readonly minute: number }
  | { readonly kind: 'daily'; readonly hour: number; readonly minute: number }
  | { readonly kind: 'weekly'; readonly days: readonly number[]; readonly hour: number; readonly minute: number }
  | { readonly kind: 'monthly'; readonly day: number | 'last'; readonly hour: number; readonly minute: number }
  | { readonly kind: 'cron'; readonly cron: string }

export type ScheduleKind = ScheduleChoice['kind']

/** Intervals that divide an hour or a day, so that runs keep their distance over midnight. */
export const INTERVALS_MINUTES: readonly number[] = [5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720]

const NAMED: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
}
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const DEFAULT_TIME = { hour: 2, minute: 30 }
const MONTH_DAY_MAX = 31

/** Which choice a cron expression is. */
export function choiceOf(cron: string | null): ScheduleChoice {
  if (cron === null) return { kind: 'manual' }
  const fields = (NAMED[cron.trim().toLowerCase()] ?? cron).trim().split(/\s+/)
  return (fields.length === 5 ? regularChoice(fields) : undefined) ?? { kind: 'cron', cron }
}

/** The cron expression of a choice; null for runs by hand only. */
export function cronOf(choice: ScheduleChoice): string | null {
  switch (choice.kind) {
    case 'manual':
      return null
    case 'interval':
      if (choice.everyMinutes < 60) return `*/${choice.everyMinutes} * * * *`
      return choice.everyMinutes === 60 ? `${choice.minute} * * * *` : `${choice.minute} */${choice.everyMinutes / 60} * * *`
    case 'daily':
      return `${choice.minute} ${choice.hour} * * *`
    case 'weekly':
      return `${choice.minute} ${choice.hour} * * ${weekOf(choice.days).join(',')}`
    case 'monthly':
      return `${choice.minute} ${choice.hour} ${choice.day === 'last' ? 'L' : choice.day} * *`
    case 'cron':
      return choice.cron
    default:
      return choice satisfies never
  }
}

/** The choice of another kind that is nearest to this one: its time of day stays where it has one. */
export function changedKind(choice: ScheduleChoice, kind: ScheduleKind): ScheduleChoice {
  const time = 'hour' in choice ? { hour: choice.hour, minute: choice.minute } : DEFAULT_TIME
  switch (kind) {
    case 'manual':
      return { kind }
    case 'interval':
      return { kind, everyMinutes: 60, minute: 'minute' in choice ? choice.minute : 0 }
    case 'daily':
      return { kind, ...time }
    case 'weekly':
      return { kind, days: [1, 2, 3, 4, 5], ...time }
    case 'monthly':
      return { kind, day: 1, ...time }
    case 'cron':
      return { kind, cron: cronOf(choice) ?? cronOf({ kind: 'daily', ...time }) ?? '' }
    default:
      return kind satisfies never
  }
}

/** Days of the week as a week goes, from Monday. */
export function weekOf(days: readonly number[]): readonly number[] {
  return [...new Set(days)].toSorted((one, other) => ((one + 6) % 7) - ((other + 6) % 7))
}

function regularChoice([minuteField = '', hourField = '', dayField = '', monthField = '', weekField = '']: readonly string[]):
  | ScheduleChoice
  | undefined {
  if (monthField !== '*') return undefined
  const everyDay = dayField === '*' && weekField === '*'
  const minute = numberIn(minuteField, 0, 59)
  if (minute === undefined) return everyDay && hourField === '*' ? interval(stepOf(minuteField), 0) : undefined
  if (everyDay && hourField === '*') return interval(60, minute)
  const hour = numberIn(hourField, 0, 23)
  if (hour === undefined) return everyDay ? interval((stepOf(hourField) ?? 0) * 60, minute) : undefined
  if (everyDay) return { kind: 'daily', hour, minute }
  if (dayField === '*') {
    const days = daysOf(weekField)
    return days === undefined ? undefined : { kind: 'weekly', days, hour, minute }
  }
  const day = dayField.toUpperCase() === 'L' ? 'last' : numberIn(dayField, 1, MONTH_DAY_MAX)
  return weekField === '*' && day !== undefined ? { kind: 'monthly', day, hour, minute } : undefined
}

function interval(everyMinutes: number | undefined, minute: number): ScheduleChoice | undefined {
  return everyMinutes !== undefined && INTERVALS_MINUTES.includes(everyMinutes) ? { kind: 'interval', everyMinutes, minute } : undefined
}

function stepOf(field: string): number | undefined {
  const step = /^(?:\*|0)\/(\d{1,2})$/.exec(field)?.[1]
  return step === undefined ? undefined : Number(step)
}

function numberIn(field: string, from: number, to: number): number | undefined {
  if (!/^\d{1,2}$/.test(field)) return undefined
  const value = Number(field)
  return value >= from && value <= to ? value : undefined
}

function daysOf(field: string): readonly number[] | undefined {
  const days: number[] = []
  for (const part of field.split(',')) {
    const [first, last = first, ...rest] = part.split('-').map(dayOf)
    if (first === undefined || last === undefined || rest.length > 0 || (part.includes('-') && last < first)) return undefined
    for (let day = first; day <= last; day++) days.push(day % 7)
  }
  return weekOf(days)
}

function dayOf(text: string): number | undefined {
  const named = DAY_NAMES.indexOf(text.toLowerCase())
  return named >= 0 ? named : numberIn(text, 0, 7)
}
