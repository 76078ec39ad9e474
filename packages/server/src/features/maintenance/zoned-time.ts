import { parseTimestamp, type Timestamp, type TimeZone } from '@holdfast/engine'

const DAY_SECONDS = 86_400
const DAY_MINUTES = 1440
/** `2026-01-03T13:00:00` */
const WALL_CLOCK_LENGTH = 19

/**
 * The same moment with the offset that a zone had then: `2026-01-03T13:00:00.000000000+01:00`. A time at the ends of the calendar, as
 * programs write it that do not know any, stays as it is.
 */
export function zonedTime(time: Timestamp, zone: TimeZone): Timestamp {
  const { seconds, nanoseconds } = parseTimestamp(time)
  const minutes = Math.round(zone.offsetSecondsAt(seconds) / 60)
  const wallClock = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, -5)
  const ahead = Math.abs(minutes)
  if (ahead >= DAY_MINUTES || wallClock.length !== WALL_CLOCK_LENGTH) return time
  const offset = `${padded(Math.floor(ahead / 60), 2)}:${padded(ahead % 60, 2)}`
  return `${wallClock}.${padded(nanoseconds, 9)}${minutes < 0 ? '-' : '+'}${offset}` as Timestamp
}

/** The same zone, which looks its offset up twice a day alone unless that changes on the day: the look-up is slow. */
export function dayByDay(zone: TimeZone): TimeZone {
  const days = new Map<number, number | undefined>()
  const ofDay = (day: number): number | undefined => {
    const [first, last] = [zone.offsetSecondsAt(day * DAY_SECONDS), zone.offsetSecondsAt((day + 1) * DAY_SECONDS)]
    return first === last ? first : undefined
  }
  return {
    offsetSecondsAt: (epochSeconds) => {
      const day = Math.floor(epochSeconds / DAY_SECONDS)
      if (!days.has(day)) days.set(day, ofDay(day))
      return days.get(day) ?? zone.offsetSecondsAt(epochSeconds)
    },
  }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
