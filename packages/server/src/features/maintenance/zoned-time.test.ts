import { compareTimestamps, namedTimeZone, type Timestamp } from '@holdfast/engine'
import { describe, expect, it } from 'vitest'
import { dayByDay, zonedTime } from './zoned-time.ts'

const AUCKLAND = dayByDay(namedTimeZone('Pacific/Auckland'))

describe('a time in a zone', () => {
  it.each([
    ['2026-01-03T12:00:00Z', 'Pacific/Auckland', '2026-01-04T01:00:00.000000000+13:00'],
    ['2026-07-03T12:00:00.1+02:00', 'Pacific/Auckland', '2026-07-03T22:00:00.100000000+12:00'],
    ['2026-01-03T12:00:00.123456789-03:30', 'America/St_Johns', '2026-01-03T12:00:00.123456789-03:30'],
    ['2026-01-03T12:00:00+09:00', 'UTC', '2026-01-03T03:00:00.000000000+00:00'],
    ['1969-12-31T23:59:59.5Z', 'Asia/Tokyo', '1970-01-01T08:59:59.500000000+09:00'],
  ])('%s in %s is %s', (time, zone, expected) => {
    const zoned = zonedTime(time as Timestamp, dayByDay(namedTimeZone(zone)))
    expect(zoned).toBe(expected)
    expect(compareTimestamps(zoned, time as Timestamp)).toBe(0)
  })

  it('is right on both sides of a change of clocks', () => {
    const zoned = ['2026-04-04T13:59:59Z', '2026-04-04T14:00:00Z'].map((time) => zonedTime(time as Timestamp, AUCKLAND))
    expect(zoned).toEqual(['2026-04-05T02:59:59.000000000+13:00', '2026-04-05T02:00:00.000000000+12:00'])
  })

  it.each(['0001-01-01T00:00:00Z', '0000-01-01T00:00:00+01:00', '9999-12-31T23:59:59Z'])(
    'stays as it is at the ends of the calendar: %s',
    (time) => {
      expect(zonedTime(time as Timestamp, AUCKLAND)).toBe(time)
    },
  )
})
