import { describe, expect, it } from 'vitest'
import { lastDays } from './days.ts'

describe('the last days of a time zone', () => {
  it('begin at its midnight', () => {
    const days = lastDays(Date.parse('2026-11-20T20:30:00Z'), { count: 2, timeZone: 'Asia/Tokyo' })
    expect(days.map(({ day }) => day)).toEqual(['2026-11-20', '2026-11-21'])
    expect(new Date(days[1]?.sinceMs ?? 0).toISOString()).toBe('2026-11-20T15:00:00.000Z')
  })

  it('join without gaps, and have an hour more or less where clocks change', () => {
    const days = lastDays(Date.parse('2026-11-21T12:00:00Z'), { count: 400, timeZone: 'Europe/Berlin' })
    expect(days).toHaveLength(400)
    for (const [index, { sinceMs }] of days.entries()) if (index > 0) expect(sinceMs).toBe(days[index - 1]?.untilMs)
    const hours = new Map(days.map(({ day, sinceMs, untilMs }) => [day, (untilMs - sinceMs) / 3_600_000]))
    expect(hours.get('2026-10-25')).toBe(25)
    expect(hours.get('2026-03-29')).toBe(23)
    expect(hours.get('2026-11-21')).toBe(24)
  })

  it.each([
    // Clocks go on at midnight: 0:00 is 1:00.
    { timeZone: 'America/Havana', now: '2026-03-10T12:00:00Z', since: '2026-03-08T05:00:00.000Z', hours: 23 },
    { timeZone: 'America/Santiago', now: '2026-09-08T12:00:00Z', since: '2026-09-06T04:00:00.000Z', hours: 23 },
    { timeZone: 'Africa/Cairo', now: '2026-04-26T12:00:00Z', since: '2026-04-23T22:00:00.000Z', hours: 23 },
    // They go back to midnight, which comes twice.
    { timeZone: 'America/Havana', now: '2026-11-03T12:00:00Z', since: '2026-11-01T04:00:00.000Z', hours: 25 },
    // They go back to the day before.
    { timeZone: 'Africa/Cairo', now: '2026-10-31T12:00:00Z', since: '2026-10-28T21:00:00.000Z', hours: 25 },
  ])('of $timeZone before $now begin when its clocks first show the day', ({ timeZone, now, since, hours }) => {
    const days = lastDays(Date.parse(now), { count: 5, timeZone })
    for (const [index, { sinceMs }] of days.entries()) if (index > 0) expect(sinceMs).toBe(days[index - 1]?.untilMs)
    const changed = days.find(({ sinceMs, untilMs }) => untilMs - sinceMs !== 86_400_000)
    expect(changed && [new Date(changed.sinceMs).toISOString(), (changed.untilMs - changed.sinceMs) / 3_600_000]).toEqual([since, hours])
  })

  it('are refused for a zone that nobody knows', () => {
    expect(() => lastDays(0, { count: 1, timeZone: 'Mars/Olympus' })).toThrow(/not known/)
  })
})
