import { describe, expect, it } from 'vitest'
import { cronProblem } from './cron.ts'
import { Timetable } from './timetable.ts'

const DAILY = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', jitterSeconds: 0, catchUp: true }

function starts(options: Partial<ConstructorParameters<typeof Timetable>[0]>, after: string, count = 4): string[] {
  const timetable = new Timetable({ schedule: DAILY, blackouts: [], seed: 'plan 1', ...options })
  return timetable.upcoming(Date.parse(after), count).map(({ startsAt }) => new Date(startsAt).toISOString().slice(0, 16))
}

describe('times of a schedule', () => {
  it('move a time of day that clocks skip to the moment after the gap', () => {
    expect(starts({}, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30'])
    const schedule = { ...DAILY, timeZone: 'America/New_York' }
    expect(starts({ schedule }, '2026-03-07T12:00:00Z', 2)).toEqual(['2026-03-08T07:00', '2026-03-09T06:30'])
  })

  it('take a time of day that comes twice once, but every hour of that day', () => {
    const twice = { ...DAILY, cron: '30 2,14 * * *' }
    expect(starts({ schedule: twice }, '2026-10-24T20:00:00Z', 3)).toEqual(['2026-10-25T00:30', '2026-10-25T13:30', '2026-10-26T01:30'])
    const newYork = { ...DAILY, cron: '30 1 * * *', timeZone: 'America/New_York' }
    expect(starts({ schedule: newYork }, '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T05:30', '2026-11-02T06:30'])
    const hourly = { ...DAILY, cron: '0 * * * *' }
    expect(starts({ schedule: hourly }, '2026-10-24T23:30:00Z', 3)).toEqual(['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'])
  })

  it('differ by jitter from plan to plan, the same on every server, and never change places', () => {
    const schedule = { ...DAILY, cron: '*/10 * * * *', jitterSeconds: 86_400 }
    const first = new Timetable({ schedule, blackouts: [], seed: 'plan 1' }).upcoming(0, 50)
    expect(new Timetable({ schedule, blackouts: [], seed: 'plan 1' }).upcoming(0, 50)).toEqual(first)
    expect(new Timetable({ schedule, blackouts: [], seed: 'plan 2' }).upcoming(0, 50)).not.toEqual(first)
    for (const { dueAt, startsAt } of first) expect(startsAt - dueAt).toBeLessThanOrEqual(300_000)
    const order = first.map(({ startsAt }) => startsAt)
    expect(order).toEqual([...order].sort((left, right) => left - right))
    expect(new Set(first.map(({ startsAt, dueAt }) => startsAt - dueAt)).size).toBeGreaterThan(20)
  })

  it('keep the start that jitter has put off when it is asked for in between', () => {
    const schedule = { ...DAILY, jitterSeconds: 3600 }
    const timetable = new Timetable({ schedule, blackouts: [], seed: 'plan 3' })
    const departure = timetable.next(Date.parse('2026-06-01T12:00:00Z'))
    expect(departure?.startsAt).toBeGreaterThan(departure?.dueAt ?? 0)
    expect(timetable.next((departure?.dueAt ?? 0) + 1000)).toEqual(departure)
  })

  it('wait for the end of a blackout, of several that follow each other, over midnight and over a change of clocks', () => {
    expect(starts({ blackouts: [{ from: '22:00', to: '06:00' }] }, '2026-06-01T12:00:00Z', 2)).toEqual([
      '2026-06-02T04:00',
      '2026-06-03T04:00',
    ])
    const chained = [
      { from: '02:00', to: '03:00' },
      { from: '03:00', to: '05:00' },
    ]
    expect(starts({ blackouts: chained }, '2026-10-24T12:00:00Z', 1)).toEqual(['2026-10-25T04:00'])
    // 2 June 2026 is a Tuesday; the window that begins on Monday holds the night after it back, and no other.
    expect(starts({ blackouts: [{ from: '22:00', to: '06:00', days: [1] }] }, '2026-06-01T12:00:00Z', 2)).toEqual([
      '2026-06-02T04:00',
      '2026-06-03T00:30',
    ])
  })

  it('come to one when a blackout holds many back', () => {
    const schedule = { ...DAILY, cron: '* * * * *', timeZone: 'UTC' }
    const blackouts = [{ from: '00:00', to: '23:59' }]
    expect(starts({ schedule, blackouts }, '2026-06-01T12:00:00Z', 3)).toEqual(['2026-06-01T23:59', '2026-06-02T23:59', '2026-06-03T23:59'])
  })

  it('are none without a schedule, or when blackouts leave no time', () => {
    expect(starts({ schedule: { ...DAILY, cron: null } }, '2026-06-01T12:00:00Z')).toEqual([])
    const always = [
      { from: '00:00', to: '12:00' },
      { from: '12:00', to: '00:00' },
    ]
    expect(starts({ blackouts: always }, '2026-06-01T12:00:00Z')).toEqual([])
  })
})

describe('a cron expression', () => {
  it.each([
    ['0 3 * * *', undefined],
    ['@daily', undefined],
    ['0 0 3 * * MON-FRI', undefined],
    ['0 0 29 2 *', undefined],
    ['* * * * * *', 'it comes due more than once a minute'],
    ['0 0 30 2 *', 'it never comes due'],
    ['2027-01-01T00:00:00', 'it takes five or six fields, or a name such as @daily'],
    ['61 * * * *', 'Invalid value for minute: 61'],
    ['', 'it takes five or six fields, or a name such as @daily'],
    ['0 0 * * * * 2027', 'it takes five or six fields, or a name such as @daily'],
  ])('%j is judged', (expression, problem) => {
    expect(cronProblem(expression, { timeZone: 'UTC', nowMs: Date.parse('2026-06-01T00:00:00Z') })?.problem).toEqual(problem)
  })

  it('needs a zone that exists', () => {
    expect(cronProblem('0 3 * * *', { timeZone: 'Mars/Olympus', nowMs: 0 })?.problem).toBe('there is no time zone "Mars/Olympus"')
  })

  it('tells programs the usual reasons why it cannot be used', () => {
    const reasons = ['abc', '* * * * * *', '0 0 30 2 *', '99 99 * * *'].map(
      (cron) => cronProblem(cron, { timeZone: 'UTC', nowMs: 0 })?.reason,
    )
    expect(reasons).toEqual(['not-a-schedule', 'too-often', 'never-due', undefined])
  })
})
