import { describe, expect, it } from 'vitest'
import { maxUnusedBytes, parseMaxUnused } from './max-unused.ts'

describe('parseMaxUnused', () => {
  it('reads what restic reads', () => {
    expect(parseMaxUnused('unlimited')).toBe('unlimited')
    expect(parseMaxUnused(' 5% ')).toEqual({ percent: 5 })
    expect(parseMaxUnused('0%')).toEqual({ percent: 0 })
    expect(parseMaxUnused('12.5%')).toEqual({ percent: 12.5 })
    expect(parseMaxUnused('0')).toEqual({ bytes: 0 })
    expect(parseMaxUnused('2M')).toEqual({ bytes: 2 * 1024 * 1024 })
  })

  it('refuses the rest', () => {
    for (const text of ['', '100%', '-1%', 'x%', '%', '1.5M', 'none', '5 %', '1e1%']) {
      expect(() => parseMaxUnused(text), text).toThrow(expect.objectContaining({ code: 'input.invalid' }))
    }
  })
})

it('allows a share of all data that is left, as restic counts it', () => {
  expect(maxUnusedBytes('unlimited', 10)).toBe(Number.POSITIVE_INFINITY)
  expect(maxUnusedBytes({ bytes: 7 }, 10)).toBe(7)
  expect(maxUnusedBytes({ percent: 0 }, 1000)).toBe(0)
  expect(maxUnusedBytes({ percent: 5 }, 950)).toBe(50)
  expect(maxUnusedBytes({ percent: 50 }, 1000)).toBe(1000)
})
