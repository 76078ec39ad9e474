import { EngineError } from '../errors.ts'

/** A time zone with its history: how far its clocks are ahead of UTC at a moment. */
export interface TimeZone {
  /** Seconds ahead of UTC (west is negative) at `epochSeconds` since 1970. */
  offsetSecondsAt(epochSeconds: number): number
}

/** The zone of this process, the only place where the engine asks for it. */
export const systemTimeZone: TimeZone = {
  offsetSecondsAt: (epochSeconds) => 0 - 60 * new Date(epochSeconds * 1000).getTimezoneOffset(),
}

/**
 * A zone by its IANA name, such as `Europe/Berlin`.
 *
 * @throws EngineError `input.invalid` where this runtime knows no such zone
 */
export function namedTimeZone(name: string): TimeZone {
  const format = wallClockFormat(name)
  return {
    offsetSecondsAt: (epochSeconds) => {
      const milliseconds = Math.floor(epochSeconds) * 1000
      const part = new Map(format.formatToParts(milliseconds).map(({ type, value }) => [type, Number(value)] as const))
      const read = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0
      const wallClock = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'))
      return (wallClock - milliseconds) / 1000
    },
  }
}

function wallClockFormat(timeZone: string): Intl.DateTimeFormat {
  const digits = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
  try {
    return new Intl.DateTimeFormat('en-US', { ...digits, timeZone, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn' })
  } catch (cause) {
    throw new EngineError('input.invalid', `Cannot use time zone ${JSON.stringify(timeZone)}: not known`, { cause })
  }
}
