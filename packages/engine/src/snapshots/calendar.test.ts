import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Timestamp } from '../format/timestamp.ts'
import { namedTimeZone } from '../host/time-zone.ts'
import { before, civilTime, compareInstants, isoWeek, readZoned, UTC } from './calendar.ts'

const berlin = namedTimeZone('Europe/Berlin')
const NOTHING = { years: 0, months: 0, days: 0, hours: 0 }

describe('readZoned', () => {
  it('keeps the offset of the text for the calendar', () => {
    expect(civil('2024-01-01T00:30:00+05:30')).toEqual({ year: 2024, month: 1, day: 1, secondOfDay: 1800 })
    expect(civil('2023-12-31T23:59:59.999-11:00')).toEqual({ year: 2023, month: 12, day: 31, secondOfDay: 86_399 })
    expect(civil('0001-01-01T00:00:00Z')).toEqual({ year: 1, month: 1, day: 1, secondOfDay: 0 })
    expect(civil('0000-02-29T12:00:00+00:00')).toEqual({ year: 0, month: 2, day: 29, secondOfDay: 43_200 })
    expect(civil('9999-12-31T23:59:59-23:59')).toEqual({ year: 9999, month: 12, day: 31, secondOfDay: 86_399 })
  })

  it('uses the local zone where it has that offset at that moment', () => {
    expect(readZoned('2024-07-01T12:00:00+02:00' as Timestamp, berlin).zone).toBe(berlin)
    expect(readZoned('2024-01-01T12:00:00+02:00' as Timestamp, berlin).zone).not.toBe(berlin)
    expect(readZoned('2024-01-01T12:00:00Z' as Timestamp, namedTimeZone('Europe/London')).zone).toBe(UTC)
  })

  it('agrees with the calendar of JavaScript', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        const expected = {
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          secondOfDay: date.getUTCHours() * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds(),
        }
        expect(civil(date.toISOString())).toEqual(expected)
      }),
    )
  })
})

describe('isoWeek', () => {
  it.each([
    ['2020-12-31', 2020, 53],
    ['2021-01-03', 2020, 53],
    ['2021-01-04', 2021, 1],
    ['2024-12-29', 2024, 52],
    ['2024-12-30', 2025, 1],
    ['1969-12-28', 1969, 52],
    ['1969-12-29', 1970, 1],
    ['2000-01-01', 1999, 52],
    ['2016-01-03', 2015, 53],
  ])('knows the week of %s', (day, year, week) => {
    expect(isoWeek(civil(`${day}T12:00:00Z`))).toEqual({ year, week })
  })

  it('changes on Mondays and nowhere else', () => {
    fc.assert(
      fc.property(fc.integer({ min: -200_000, max: 900_000 }), (dayNumber) => {
        const [today, tomorrow] = [dayNumber, dayNumber + 1].map((day) => isoWeek(civilTime(utcAt(day * 86_400))))
        const isMonday = new Date((dayNumber + 1) * 86_400_000).getUTCDay() === 1
        expect(JSON.stringify(today) !== JSON.stringify(tomorrow)).toBe(isMonday)
      }),
    )
  })
})

describe('before', () => {
  it.each([
    ['2024-03-31T12:00:00Z', { months: 1 }, '2024-03-02T12:00:00.000Z'],
    ['2023-03-31T12:00:00Z', { months: 1 }, '2023-03-03T12:00:00.000Z'],
    ['2024-02-29T12:00:00Z', { years: 1 }, '2023-03-01T12:00:00.000Z'],
    ['2024-02-29T12:00:00Z', { years: 1, days: 1 }, '2023-02-28T12:00:00.000Z'],
    ['2024-01-15T12:00:00Z', { months: 13 }, '2022-12-15T12:00:00.000Z'],
    ['2024-01-15T12:00:00Z', { days: 15, hours: 13 }, '2023-12-30T23:00:00.000Z'],
    ['2024-07-01T00:30:00+02:00', { months: 1 }, '2024-05-31T22:30:00.000Z'],
  ])('%s less %o', (time, span, expected) => {
    const instant = before(readZoned(time as Timestamp, UTC), { ...NOTHING, ...span })
    expect(new Date(instant.seconds * 1000).toISOString()).toBe(expected)
  })

  it('keeps the time of day over a change of offset in the local zone, not in a zone of one offset', () => {
    const time = '2024-07-01T12:00:00.25+02:00' as Timestamp
    const span = { ...NOTHING, months: 6 }
    expect(before(readZoned(time, berlin), span)).toEqual({ seconds: Date.parse('2024-01-01T11:00:00Z') / 1000, nanoseconds: 250_000_000 })
    expect(before(readZoned(time, UTC), span)).toEqual({ seconds: Date.parse('2024-01-01T10:00:00Z') / 1000, nanoseconds: 250_000_000 })
  })

  it('finds times that a clock shows twice or never, as Go does', () => {
    const skipped = before(readZoned('2024-04-30T02:30:00+02:00' as Timestamp, berlin), { ...NOTHING, days: 30 })
    expect(new Date(skipped.seconds * 1000).toISOString()).toBe('2024-03-31T01:30:00.000Z')
    const twice = before(readZoned('2024-11-27T02:30:00+01:00' as Timestamp, berlin), { ...NOTHING, months: 1 })
    expect(new Date(twice.seconds * 1000).toISOString()).toBe('2024-10-27T01:30:00.000Z')
  })

  it('takes spans that lead out of all calendars', () => {
    const far = before(utcAt(0), { ...NOTHING, years: 2 ** 53 - 1, hours: 2 ** 53 - 1 })
    expect(far.seconds).toBeLessThan(-1e23)
  })
})

describe('compareInstants', () => {
  it('orders by seconds, then nanoseconds', () => {
    expect(compareInstants({ seconds: 1, nanoseconds: 5 }, { seconds: 2, nanoseconds: 0 })).toBeLessThan(0)
    expect(compareInstants({ seconds: 2, nanoseconds: 1 }, { seconds: 2, nanoseconds: 0 })).toBeGreaterThan(0)
    expect(compareInstants({ seconds: 2, nanoseconds: 1 }, { seconds: 2, nanoseconds: 1 })).toBe(0)
  })
})

function civil(time: string) {
  return civilTime(readZoned(time as Timestamp, UTC))
}

function utcAt(seconds: number) {
  return { seconds, nanoseconds: 0, zone: UTC }
}
