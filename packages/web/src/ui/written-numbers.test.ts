import { expect, it } from 'vitest'
import { type DistanceUnit, writtenDistance, writtenNumber } from './written-numbers.ts'

const UNITS: readonly DistanceUnit[] = ['second', 'minute', 'hour', 'day', 'month', 'year']

it.each(['en', 'ja'] as const)('numbers are written as the browser writes them: %s', (language) => {
  for (const value of [0, 1, 7.5, 999, 1000, 1234.5, 98_765, 1_234_567.891, 0.0004, -3, -1234.25, -0.0001, 1e12, 1e15, Number.NaN]) {
    for (const digitsMax of [0, 1, 2, 3]) {
      const wanted = new Intl.NumberFormat(language, { maximumFractionDigits: digitsMax, signDisplay: 'negative' }).format(value)
      if (Math.abs(value) < 1e15) expect(writtenNumber(value, digitsMax), `${value} with ${digitsMax}`).toBe(wanted)
    }
  }
  expect(writtenNumber(1e15)).toBe('1,000,000,000,000,000')
  expect(writtenNumber(Number.NaN)).toBe('NaN')
})

it.each(['en', 'ja'] as const)('distances are written as the browser writes them: %s', (language) => {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  for (const unit of UNITS) {
    for (const amount of [-2000, -40, -2, -1, 1, 2, 21, 1500]) {
      expect(writtenDistance(amount, unit, language)).toBe(format.format(amount, unit))
    }
    expect(writtenDistance(0, unit, language)).toBe(language === 'ja' ? '今' : 'now')
  }
})
