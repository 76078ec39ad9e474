import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendarDayOf, dayNumberOf } from './calendar.ts'
import {
  compareTimestamps,
  formatTimestamp,
  isTimestamp,
  parseTimestamp,
  sameInstant,
  type Timestamp,
  timestampFromMs,
  timestampToMs,
} from './timestamp.ts'

/** Zone, seconds, nanoseconds, and what Go 1.26 writes for them after restic's clamping of the year. */
const GO_TIMES = readFileSync(new URL('../../fixtures/format/go-times.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split(' '))
  .map(([zone = '', seconds, nanoseconds, text = '']) => ({ zone, seconds: Number(seconds), nanoseconds: Number(nanoseconds), text }))

/** The zone of a process is fixed when it first looks at a clock, so each zone gets one of its own. */
function formatInZone(zone: string, moments: readonly { readonly seconds: number; readonly nanoseconds: number }[]): string[] {
  const program = `
    import { readFileSync } from 'node:fs'
    import { formatTimestamp } from ${JSON.stringify(new URL('./timestamp.ts', import.meta.url).href)}
    for (const { seconds, nanoseconds } of JSON.parse(readFileSync(0, 'utf8'))) console.log(formatTimestamp(seconds, nanoseconds))`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, TZ: zone, NODE_OPTIONS: '' },
    input: JSON.stringify(moments),
    maxBuffer: 16 * 1024 * 1024,
  })
  return output.trimEnd().split('\n')
}

const seconds = fc.integer({ min: -62_167_219_200 + 86_400, max: 253_402_300_799 - 86_400 })
const nanoseconds = fc.oneof(
  fc.nat(999_999_999),
  fc.nat(999).map((millisecond) => millisecond * 1_000_000),
)

describe('formatTimestamp', () => {
  test.each([...new Set(GO_TIMES.map(({ zone }) => zone))])('writes times of %s as Go does', (zone) => {
    const times = GO_TIMES.filter((time) => time.zone === zone)
    expect(times.length).toBeGreaterThan(20)
    expect(formatInZone(zone, times)).toEqual(times.map(({ text }) => text))
  })

  test('agrees with the clock for every half hour of two years with their changes', () => {
    const moments = Array.from({ length: 35_000 }, (_, index) => ({ seconds: 1_672_531_200 + index * 1800, nanoseconds: 0 }))
    const texts = formatInZone('Australia/Lord_Howe', moments)
    expect(texts.map((text) => Date.parse(text) / 1000)).toEqual(moments.map((moment) => moment.seconds))
    expect(new Set(texts.map((text) => text.slice(-6)))).toEqual(new Set(['+10:30', '+11:00']))
  })

  test('is undone by parseTimestamp', () => {
    fc.assert(
      fc.property(seconds, nanoseconds, (second, nanosecond) => {
        const text = formatTimestamp(second, nanosecond)
        expect(isTimestamp(text)).toBe(true)
        expect(parseTimestamp(text)).toEqual({ seconds: second, nanoseconds: nanosecond })
      }),
    )
  })

  test('ends for any number', () => {
    for (const second of [2 ** 53, -(2 ** 53), 8.64e12, -8.64e12, 1e15, -1e15]) expect(isTimestamp(formatTimestamp(second, 5))).toBe(true)
    for (const second of [Number.POSITIVE_INFINITY, Number.NaN]) expect(typeof formatTimestamp(second, 0)).toBe('string')
  })

  test('converts milliseconds, before 1970 too', () => {
    for (const ms of [0, -1, 1_700_000_000_123, -62_000_000_000_001]) expect(timestampToMs(timestampFromMs(ms))).toBe(ms)
    expect(parseTimestamp(timestampFromMs(-1))).toEqual({ seconds: -1, nanoseconds: 999_000_000 })
    expect(timestampToMs('1969-12-31T23:59:59.9999Z' as Timestamp)).toBe(-1)
  })
})

describe('parseTimestamp', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0, 0],
    ['0001-01-01T00:00:00Z', -62_135_596_800, 0],
    ['2000-02-29T23:59:59.000000001-12:30', 951_913_799, 1],
    ['2014-12-22T14:47:59.912418701+01:00', 1_419_256_079, 912_418_701],
    ['2024-01-01T00:00:00.1234567899999+00:00', 1_704_067_200, 123_456_789],
  ])('reads %s', (text, second, nanosecond) => {
    expect(parseTimestamp(text)).toEqual({ seconds: second, nanoseconds: nanosecond })
  })

  test.each([
    '',
    '2024-01-01',
    '2024-01-01T00:00:00',
    '2024-01-01 00:00:00Z',
    '2024-01-01t00:00:00z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2200-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T23:59:60Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00,5Z',
    '2024-01-01T00:00:00+0100',
    '2024-01-01T00:00:00+24:00',
    '12024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
  ])('refuses %j', (text) => {
    expect(isTimestamp(text)).toBe(false)
    expect(() => parseTimestamp(text)).toThrow(expect.objectContaining({ code: 'data.malformed' }))
  })

  test('accepts exactly what isTimestamp accepts', () => {
    const digits = fc.tuple(fc.nat(9999), fc.nat(14), fc.nat(33), fc.nat(25), fc.nat(61), fc.nat(61), fc.nat(25), fc.nat(61))
    const two = (value: number) => String(value).padStart(2, '0')
    fc.assert(
      fc.property(digits, ([year, month, day, hour, minute, second, zoneHour, zoneMinute]) => {
        const clock = [hour, minute, second].map(two).join(':')
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}+${two(zoneHour)}:${two(zoneMinute)}`
        const read = (() => {
          try {
            return parseTimestamp(text).seconds
          } catch {
            return undefined
          }
        })()
        expect(read !== undefined).toBe(isTimestamp(text))
        if (read !== undefined) expect(read * 1000).toBe(Date.parse(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('reads what it accepts as the runtime does, and nothing else', () => {
    const zones = fc.constantFrom('Z', '+02:00', '-23:59', '+24:00', '', 'z', '+0200')
    const fractions = fc.constantFrom('', '.1', '.12', '.123', '.999999999', '.0000000001', '.', '.x')
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 41), max: 2 ** 41 }), fractions, zones, (ms, decimals, zone) => {
        const text = new Date(ms).toISOString().replace(/\.\d+Z$/, decimals + zone)
        const read = isTimestamp(text) ? timestampToMs(text) : undefined
        expect(read).toBe(/\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):\d\d)$/.test(text) ? Date.parse(text) : undefined)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('comparing', () => {
  const time = (text: string) => text as Timestamp

  test('looks at the moment, not at the text', () => {
    expect(sameInstant(time('2024-01-01T01:00:00+01:00'), time('2024-01-01T00:00:00Z'))).toBe(true)
    expect(sameInstant(time('2024-01-01T00:00:00.1Z'), time('2024-01-01T00:00:00.10Z'))).toBe(true)
    expect(sameInstant(time('2024-01-01T00:00:00.1Z'), time('2024-01-01T00:00:00.100000001Z'))).toBe(false)
    expect(compareTimestamps(time('2024-01-01T00:00:00Z'), time('2024-01-01T00:30:00+01:00'))).toBeGreaterThan(0)
    expect(compareTimestamps(time('2024-01-01T00:00:00.000000001Z'), time('2024-01-01T00:00:00.000000002Z'))).toBeLessThan(0)
  })
})

describe('the calendar', () => {
  test('knows days by number and numbers by day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), (dayNumber) => dayNumberOf(calendarDayOf(dayNumber)) === dayNumber),
    )
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (dayNumber) => {
        const date = new Date(dayNumber * 86_400_000)
        expect(calendarDayOf(dayNumber)).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() })
      }),
    )
  })
})
