import type { CalendarDay } from '@holdfast/protocol'

/** A row of a calendar: seven places, empty where there is no day. */
export type Week = readonly (CalendarDay | undefined)[]

const DAYS = 7

/** Days, oldest first and without gaps, in weeks that begin on `firstWeekday` (0 is Sunday). */
export function weeksOf(days: readonly CalendarDay[], firstWeekday: number): readonly Week[] {
  const [first] = days
  if (first === undefined) return []
  const ahead = (weekdayOf(first.day) - firstWeekday + DAYS) % DAYS
  const places = [...Array.from({ length: ahead }, () => undefined), ...days]
  const weeks: Week[] = []
  for (let from = 0; from < places.length; from += DAYS) {
    const week = places.slice(from, from + DAYS)
    weeks.push([...week, ...Array.from({ length: DAYS - week.length }, () => undefined)])
  }
  return weeks
}

/** How a day went: the worst of what happened on it counts. */
export function toneOf({ finished, error, missed, cancelled }: CalendarDay): 'good' | 'failed' | 'missed' | 'nothing' {
  if (error > 0) return 'failed'
  if (missed + cancelled > 0) return 'missed'
  return finished > 0 ? 'good' : 'nothing'
}

function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay()
}
