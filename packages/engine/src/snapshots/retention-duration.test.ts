import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../errors.ts'
import { formatRetentionDuration, isNoDuration, parseRetentionDuration } from './retention-duration.ts'

const NOTHING = { years: 0, months: 0, days: 0, hours: 0 }

describe('parseRetentionDuration', () => {
  it.each([
    ['1y5m7d2h', { years: 1, months: 5, days: 7, hours: 2 }],
    ['2h7d5m1y', { years: 1, months: 5, days: 7, hours: 2 }],
    [' 37h\n', { hours: 37 }],
    ['0d', {}],
    ['', {}],
    ['1d2h30d', { days: 30, hours: 2 }],
    ['0007d', { days: 7 }],
  ])('reads %j', (text, expected) => {
    expect(parseRetentionDuration(text)).toEqual({ ...NOTHING, ...expected })
  })

  it.each(['2w', '1y4m3w1d', 'd', '5', '5d3', '1.5d', '-1d', '1d -2h', '1d 2h', '５d', '1D', '99999999999999999999d'])(
    'refuses %j',
    (text) => {
      expect(() => parseRetentionDuration(text)).toThrow(EngineError)
      expect(() => parseRetentionDuration(text)).toThrow(/^Cannot read duration ".*": /)
    },
  )

  it('reads what it writes', () => {
    const count = fc.nat({ max: 2 ** 31 })
    fc.assert(
      fc.property(fc.record({ years: count, months: count, days: count, hours: count }), (duration) => {
        expect(parseRetentionDuration(formatRetentionDuration(duration))).toEqual(duration)
      }),
    )
  })
})

describe('formatRetentionDuration', () => {
  it('leaves out what is zero', () => {
    expect(formatRetentionDuration({ ...NOTHING, years: 2, hours: 3 })).toBe('2y3h')
    expect(formatRetentionDuration(NOTHING)).toBe('')
    expect([isNoDuration(NOTHING), isNoDuration({ ...NOTHING, hours: 1 })]).toEqual([true, false])
  })
})
