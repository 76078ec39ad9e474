import type { CalendarDay } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { toneOf, weeksOf } from './calendar-weeks.ts'

function day(name: string, counts: Partial<CalendarDay> = {}): CalendarDay {
  const at = `${name}T00:00:00.000Z`
  return { day: name, since: at, until: at, finished: 0, error: 0, cancelled: 0, missed: 0, addedBytes: 0, ...counts }
}

describe('the weeks of a calendar', () => {
  it('begin on the weekday that people expect, with empty places around the days', () => {
    // A Wednesday to the Tuesday after it.
    const days = ['18', '19', '20', '21', '22', '23', '24'].map((date) => day(`2026-11-${date}`))
    const named = (firstWeekday: number) => weeksOf(days, firstWeekday).map((week) => week.map((one) => one?.day.slice(8)))
    const none = undefined
    expect(named(1)).toEqual([
      [none, none, '18', '19', '20', '21', '22'],
      ['23', '24', none, none, none, none, none],
    ])
    expect(named(0)).toEqual([
      [none, none, none, '18', '19', '20', '21'],
      ['22', '23', '24', none, none, none, none],
    ])
    expect(weeksOf([], 1)).toEqual([])
  })

  it('show the worst of a day', () => {
    expect(toneOf(day('2026-11-18'))).toBe('nothing')
    expect(toneOf(day('2026-11-18', { finished: 3 }))).toBe('good')
    expect(toneOf(day('2026-11-18', { finished: 3, missed: 1 }))).toBe('missed')
    expect(toneOf(day('2026-11-18', { finished: 3, cancelled: 1 }))).toBe('missed')
    expect(toneOf(day('2026-11-18', { finished: 3, cancelled: 1, error: 1 }))).toBe('failed')
  })
})
