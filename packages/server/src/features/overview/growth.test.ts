import { describe, expect, it } from 'vitest'
import { dayOf, daysUntilFull } from './growth.ts'

const TODAY = '2026-11-21'

/** What was free on the last days, the last of them today. */
function lately(...free: readonly (number | null)[]): { readonly day: string; readonly freeBytes: number | null }[] {
  return free.map((freeBytes, index) => ({ day: dayOf(Date.parse(TODAY) - (free.length - 1 - index) * 86_400_000), freeBytes }))
}

describe('the days until a repository is full', () => {
  it('are those that the line through the last days leaves', () => {
    expect(daysUntilFull(lately(130, 120, 110, 100), TODAY)).toBe(10)
    expect(daysUntilFull(lately(131, 119, 111, 99), TODAY)).toBe(9)
    expect(daysUntilFull(lately(30, 20, 10, 0), TODAY)).toBe(0)
  })

  it('count from today also where the last counting was some days ago', () => {
    const earlier = lately(130, 120, 110, 100, null, null)
    expect(daysUntilFull(earlier, TODAY)).toBe(8)
  })

  it('are unknown while little is known, and where nothing gets less', () => {
    expect(daysUntilFull([], TODAY)).toBeNull()
    expect(daysUntilFull(lately(110, 100), TODAY)).toBeNull()
    expect(daysUntilFull(lately(null, null, null, null), TODAY)).toBeNull()
    expect(daysUntilFull(lately(100, 100, 100), TODAY)).toBeNull()
    expect(daysUntilFull(lately(100, 110, 120), TODAY)).toBeNull()
    expect(daysUntilFull(lately(1e12, 1e12 - 1, 1e12 - 2), TODAY)).toBeNull()
  })

  it('do not look at what was long ago', () => {
    const old = [{ day: '2026-08-01', freeBytes: 9_000_000 }]
    expect(daysUntilFull([...old, ...lately(130, 120, 110, 100)], TODAY)).toBe(10)
  })
})
