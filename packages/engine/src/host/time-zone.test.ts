import { describe, expect, it } from 'vitest'
import { namedTimeZone, systemTimeZone } from './time-zone.ts'

describe('namedTimeZone', () => {
  it.each([
    ['Europe/Berlin', '2024-01-01T00:00:00Z', 3600],
    ['Europe/Berlin', '2024-03-31T00:59:59Z', 3600],
    ['Europe/Berlin', '2024-03-31T01:00:00Z', 7200],
    ['America/St_Johns', '2024-01-01T00:00:00Z', -12_600],
    ['Asia/Kathmandu', '2024-01-01T00:00:00Z', 20_700],
    ['Pacific/Kiritimati', '2024-12-31T12:00:00Z', 50_400],
    ['UTC', '1969-12-31T23:59:59Z', 0],
  ])('knows that %s at %s', (name, time, offsetSeconds) => {
    expect(namedTimeZone(name).offsetSecondsAt(Date.parse(time) / 1000)).toBe(offsetSeconds)
  })

  it('refuses zones that there are not', () => {
    expect(() => namedTimeZone('Europe/Atlantis')).toThrow(expect.objectContaining({ code: 'input.invalid' }))
  })
})

describe('systemTimeZone', () => {
  it('is the zone of this process', () => {
    const name = Intl.DateTimeFormat().resolvedOptions().timeZone
    for (const time of ['2024-01-01T00:00:00Z', '2024-07-01T00:00:00Z']) {
      const seconds = Date.parse(time) / 1000
      expect(systemTimeZone.offsetSecondsAt(seconds)).toBe(namedTimeZone(name).offsetSecondsAt(seconds))
    }
  })
})
