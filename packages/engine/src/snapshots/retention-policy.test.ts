import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Timestamp } from '../format/timestamp.ts'
import { namedTimeZone } from '../host/time-zone.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { UTC } from './calendar.ts'
import { parseRetentionDuration } from './retention-duration.ts'
import {
  applyPolicy,
  type Datable,
  describePolicy,
  isEmptyPolicy,
  KEEP_ALL,
  parseKeepCount,
  type RetentionPolicy,
} from './retention-policy.ts'

const NOW = Date.parse('2025-06-01T00:00:00Z')
const clock = new ManualClock(NOW)
const options = { clock, timeZone: UTC }

/** Every weekday of two weeks but one Wednesday, twice on Fridays: the example of restic's documentation. */
const WEEKDAYS = [
  ...['2025-04-21T11', '2025-04-22T11', '2025-04-23T11', '2025-04-24T11', '2025-04-25T11', '2025-04-25T23'],
  ...['2025-04-28T11', '2025-04-29T11', '2025-05-01T11', '2025-05-02T11', '2025-05-02T23'],
].map((hour) => at(`${hour}:00:00Z`))

describe('applyPolicy on the examples of restic', () => {
  it('keeps five days that have a snapshot', () => {
    const { keep, remove, reasons } = applyPolicy(WEEKDAYS, { daily: 5 }, options)
    expect(timesOf(keep)).toEqual(['2025-05-02T23', '2025-05-01T11', '2025-04-29T11', '2025-04-28T11', '2025-04-25T23'])
    expect(timesOf(remove)).toEqual(['2025-05-02T11', '2025-04-25T11', '2025-04-24T11', '2025-04-23T11', '2025-04-22T11', '2025-04-21T11'])
    expect(reasons.map(({ matches }) => matches)).toEqual(new Array(5).fill(['daily snapshot']))
    expect(reasons.map(({ counters }) => counters)).toEqual([{ daily: 4 }, { daily: 3 }, { daily: 2 }, { daily: 1 }, {}])
    expect(reasons.map(({ snapshot }) => snapshot)).toEqual(keep)
  })

  it('keeps the days within a week', () => {
    const { keep, reasons } = applyPolicy(WEEKDAYS, { withinDaily: parseRetentionDuration('7d') }, options)
    expect(timesOf(keep)).toEqual(['2025-05-02T23', '2025-05-01T11', '2025-04-29T11', '2025-04-28T11'])
    expect(reasons[0]).toEqual({ snapshot: keep[0], matches: ['daily within 7d'], counters: {} })
  })

  it('thins out a hundred years', () => {
    const days = Array.from({ length: 36_525 }, (_, day) => at(new Date(NOW - (day + 0.5) * 86_400_000).toISOString()))
    const { keep, reasons } = applyPolicy(days, { daily: 7, weekly: 5, monthly: 12, yearly: 75 }, options)
    expect(timesOf(keep).slice(0, 7)).toEqual([31, 30, 29, 28, 27, 26, 25].map((day) => `2025-05-${day}T12`))
    const kept = (noun: string): number => reasons.filter(({ matches }) => matches.includes(noun)).length
    expect([kept('daily snapshot'), kept('weekly snapshot'), kept('monthly snapshot'), kept('yearly snapshot')]).toEqual([7, 5, 12, 75])
    expect(timesOf(keep).at(-1)).toBe('1951-12-31T12')
    expect(keep).toHaveLength(7 + 3 + 11 + 73)
  })
})

describe('applyPolicy', () => {
  it('says every reason, in the order of the rules', () => {
    const policy: RetentionPolicy = {
      ...{ last: 1, hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1, within: parseRetentionDuration('1y1h') },
      ...{
        withinHourly: parseRetentionDuration('1h'),
        withinDaily: parseRetentionDuration('1d'),
        withinWeekly: parseRetentionDuration('7d'),
      },
      ...{ withinMonthly: parseRetentionDuration('1m'), withinYearly: parseRetentionDuration('1y'), keepTags: [['a'], ['a', 'b']] },
    }
    const { reasons } = applyPolicy([at('2025-05-01T00:00:00Z', ['b', 'a'])], policy, options)
    expect(reasons[0]?.matches).toEqual([
      ...['has tags [a]', 'has tags [a, b]', 'within 1y1h'],
      ...['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((rule) => `${rule} snapshot`),
      ...['hourly within 1h', 'daily within 1d', 'weekly within 7d', 'monthly within 1m', 'yearly within 1y'],
    ])
  })

  it('keeps the oldest where a rule has not found enough', () => {
    const snapshots = ['2025-05-05T10:00:00Z', '2025-05-05T09:00:00Z', '2025-05-04T09:00:00Z', '2025-05-04T08:00:00Z'].map((time) =>
      at(time),
    )
    const decide = (policy: RetentionPolicy) =>
      applyPolicy(snapshots, policy, options).reasons.map(({ matches, counters }) => ({ matches, counters }))
    expect(decide({ daily: 3 })).toEqual([
      { matches: ['daily snapshot'], counters: { daily: 2 } },
      { matches: ['daily snapshot'], counters: { daily: 1 } },
      { matches: ['oldest daily snapshot'], counters: {} },
    ])
    expect(decide({ daily: 2 })).toHaveLength(2)
    expect(decide({ daily: KEEP_ALL })).toEqual([
      { matches: ['daily snapshot'], counters: { daily: -1 } },
      { matches: ['daily snapshot'], counters: { daily: -1 } },
      { matches: ['oldest daily snapshot'], counters: { daily: -1 } },
    ])
    expect(decide({ withinDaily: parseRetentionDuration('2d') }).map(({ matches }) => matches)).toEqual([
      ['daily within 2d'],
      ['daily within 2d'],
      ['oldest daily within 2d'],
    ])
    expect(decide({ withinDaily: parseRetentionDuration('1d2h') })).toHaveLength(2)
  })

  it('reads the calendar of the zone in which each snapshot was made', () => {
    // One moment each half an hour; the first two are on one day in their zones, in UTC they are not, and the other way round.
    const sameDay = [at('2025-05-02T01:30:00+02:00'), at('2025-05-02T02:00:00+02:00')]
    expect(applyPolicy(sameDay, { daily: 2 }, options).reasons.map(({ matches }) => matches)).toEqual([
      ['daily snapshot'],
      ['oldest daily snapshot'],
    ])
    const twoDays = [at('2025-05-01T23:30:00-05:00'), at('2025-05-02T00:00:00-05:00')]
    expect(applyPolicy(twoDays, { daily: 2 }, options).reasons.map(({ matches }) => matches)).toEqual([
      ['daily snapshot'],
      ['daily snapshot'],
    ])
  })

  it('reaches back over a change of the local offset by the wall clock', () => {
    const newest = at('2024-07-01T12:00:00+02:00')
    const snapshots = [newest, at('2024-01-01T10:30:00Z')]
    const policy = { within: parseRetentionDuration('6m') }
    expect(applyPolicy(snapshots, policy, options).remove).toEqual([])
    expect(timesOf(applyPolicy(snapshots, policy, { clock, timeZone: namedTimeZone('Europe/Berlin') }).remove)).toEqual(['2024-01-01T10'])
  })

  it('does not count time from snapshots in the future, and keeps them', () => {
    const snapshots = ['2031-01-01T00:00:00Z', '2025-05-31T00:00:00Z', '2025-05-30T12:00:00Z', '2025-05-29T00:00:00Z'].map((time) =>
      at(time),
    )
    expect(timesOf(applyPolicy(snapshots, { within: parseRetentionDuration('1d') }, options).keep)).toEqual([
      ...['2031-01-01T00', '2025-05-31T00', '2025-05-30T12'],
    ])
    const onlyFuture = [at('2031-01-01T00:00:00Z'), at('2032-01-01T00:00:00Z')]
    expect(applyPolicy(onlyFuture, { within: parseRetentionDuration('1h') }, options).remove).toEqual([])
    expect(timesOf(applyPolicy(onlyFuture, { last: 1 }, options).keep)).toEqual(['2032-01-01T00'])
  })

  it('does not keep what lies exactly as far back as a duration', () => {
    const snapshots = ['2025-05-31T00:00:00.000000001Z', '2025-05-30T00:00:00.000000001Z', '2025-05-30T00:00:00.000000002Z'].map((time) =>
      at(time),
    )
    expect(applyPolicy(snapshots, { within: parseRetentionDuration('1d') }, options).remove).toEqual([snapshots[1]])
  })

  it('keeps nothing without rules, and knows such policies', () => {
    expect(applyPolicy(WEEKDAYS, {}, options)).toMatchObject({ keep: [], reasons: [] })
    expect(applyPolicy([], { last: 3 }, options)).toEqual({ keep: [], remove: [], reasons: [] })
    const empty: RetentionPolicy[] = [{}, { last: 0, keepTags: [] }, { within: parseRetentionDuration('0h') }]
    const filled: RetentionPolicy[] = [
      { last: -1 },
      { keepTags: [['']] },
      { within: parseRetentionDuration('1h') },
      { withinYearly: parseRetentionDuration('1y') },
    ]
    expect(empty.map(isEmptyPolicy)).toEqual([true, true, true])
    expect(filled.map(isEmptyPolicy)).toEqual([false, false, false, false])
  })

  it('leaves its input as it is', () => {
    const snapshots = Object.freeze([...WEEKDAYS])
    expect(applyPolicy(snapshots, { last: 2 }, options).keep).toEqual([WEEKDAYS[10], WEEKDAYS[9]])
  })

  it.each<[RetentionPolicy, RegExp]>([
    [{ last: -2 }, /^Cannot apply retention rule last: /],
    [{ daily: 1.5 }, /^Cannot apply retention rule daily: /],
    [{ yearly: Number.NaN }, /^Cannot apply retention rule yearly: /],
    [{ within: { years: 0, months: 0, days: -1, hours: 0 } }, /^Cannot apply retention rule within: /],
  ])('refuses %j', (policy, message) => {
    expect(() => applyPolicy([], policy, options)).toThrow(message)
  })
})

describe('applyPolicy on any snapshots', () => {
  const anyTime = fc.date({ min: new Date('2024-01-01'), max: new Date(NOW - 1), noInvalidDate: true }).map((date) => date.toISOString())
  const anySnapshots = fc.array(
    fc.tuple(anyTime, fc.subarray(['a', 'b'])).map(([time, tags]) => at(time, tags)),
    { maxLength: 60 },
  )
  const count = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 6 }) }, { weight: 1, arbitrary: fc.constant(KEEP_ALL) })
  const duration = fc.record({
    years: fc.nat({ max: 1 }),
    months: fc.nat({ max: 3 }),
    days: fc.nat({ max: 40 }),
    hours: fc.nat({ max: 30 }),
  })
  const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record(
    {
      ...{ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count, within: duration },
      ...{ withinHourly: duration, withinDaily: duration, withinWeekly: duration, withinMonthly: duration, withinYearly: duration },
      keepTags: fc.array(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )

  it('judges every snapshot once, newest first, with a reason for what it keeps', () => {
    fc.assert(
      fc.property(anySnapshots, anyPolicy, (snapshots, policy) => {
        const { keep, remove, reasons } = applyPolicy(snapshots, policy, options)
        expect(new Set([...keep, ...remove])).toEqual(new Set(snapshots))
        expect(keep.length + remove.length).toBe(snapshots.length)
        expect(reasons.map(({ snapshot }) => snapshot)).toEqual(keep)
        expect(reasons.every(({ matches }) => matches.length > 0)).toBe(true)
        for (const list of [keep, remove])
          expect(list.map(({ time }) => time)).toEqual(
            list
              .map(({ time }) => time)
              .toSorted()
              .toReversed(),
          )
      }),
    )
  })

  it('never removes the newest snapshot of a group by a rule of numbers or time', () => {
    fc.assert(
      fc.property(anySnapshots, anyPolicy, (snapshots, policy) => {
        fc.pre(snapshots.length > 0 && !isEmptyPolicy({ ...policy, keepTags: [] }))
        const [newest] = applyPolicy(snapshots, { last: 1 }, options).keep
        expect(applyPolicy(snapshots, policy, options).keep[0]).toBe(newest)
      }),
    )
  })

  it('keeps with two policies joined what either keeps', () => {
    fc.assert(
      fc.property(anySnapshots, fc.nat({ max: 9 }), fc.nat({ max: 9 }), (snapshots, daily, weekly) => {
        const kept = (policy: RetentionPolicy) => applyPolicy(snapshots, policy, options).keep
        expect(new Set(kept({ daily, weekly }))).toEqual(new Set([...kept({ daily }), ...kept({ weekly })]))
      }),
    )
  })

  it('keeps the newest of each of the last days, as a plain reading of the rule does', () => {
    fc.assert(
      fc.property(anySnapshots, fc.nat({ max: 20 }), (snapshots, daily) => {
        const newestFirst = snapshots.toSorted((left, right) => (left.time < right.time ? 1 : -1))
        const days = [...new Set(newestFirst.map(({ time }) => time.slice(0, 10)))]
        const plain = new Set(days.slice(0, daily).map((day) => newestFirst.find(({ time }) => time.startsWith(day))?.time))
        const oldest = newestFirst.at(-1)
        if (oldest !== undefined && days.length < daily) plain.add(oldest.time)
        expect(new Set(applyPolicy(snapshots, { daily }, options).keep.map(({ time }) => time))).toEqual(plain)
      }),
    )
  })
})

describe('describePolicy', () => {
  it.each<[RetentionPolicy, string]>([
    [{}, 'remove'],
    [{ daily: 5 }, 'keep 5 daily snapshots'],
    [{ last: 3, yearly: KEEP_ALL }, 'keep 3 latest, all yearly snapshots'],
    [{ withinDaily: parseRetentionDuration('7d') }, 'keep daily snapshots within 7d'],
    [{ hourly: 1, withinWeekly: parseRetentionDuration('1m') }, 'keep 1 hourly snapshots, weekly snapshots within 1m'],
    [{ keepTags: [['a', 'b'], ['c']] }, 'keep all snapshots with tags [[a, b] [c]]'],
    [
      { last: 1, keepTags: [['a']], within: parseRetentionDuration('1y2h') },
      'keep 1 latest snapshots and all snapshots with tags [[a]] and all snapshots within 1y2h of the newest',
    ],
  ])('%j', (policy, description) => {
    expect(describePolicy(policy)).toBe(description)
  })
})

describe('parseKeepCount', () => {
  it('reads counts and "unlimited"', () => {
    expect(['0', '7', '+7', '007', 'unlimited'].map(parseKeepCount)).toEqual([0, 7, 7, 7, KEEP_ALL])
    for (const text of ['', '-1', '1.5', 'all', '0x10', '1e3', ' 1', '99999999999999999']) {
      expect(() => parseKeepCount(text)).toThrow(/^Cannot read number of snapshots /)
    }
  })
})

function at(time: string, tags: readonly string[] = []): Datable {
  return { time: time as Timestamp, tags }
}

function timesOf(snapshots: readonly Datable[]): string[] {
  return snapshots.map(({ time }) => time.slice(0, 13))
}
