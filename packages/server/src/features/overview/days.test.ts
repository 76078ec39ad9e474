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

  it('are refused for a zone that nobody knows', () => {
    expect(() => lastDays(0, { count: 1, timeZone: 'Mars/Olympus' })).toThrow(/not known/)
  })
})
