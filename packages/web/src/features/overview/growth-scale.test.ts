import type { HistoryDay } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { growthScale, nearestPoint } from './growth-scale.ts'

const SIZE = { width: 410, height: 110, left: 10, top: 10, right: 0 }
const GIB = 1024 ** 3

function stored(day: string, storedBytes: number): HistoryDay {
  return { day, storedBytes, snapshotCount: 1, contentBytes: 0, restoreBytes: 0, freeBytes: null }
}

describe('the scale of growth', () => {
  it('reaches from 0 to a round amount above the largest', () => {
    const { lines, points, y } = growthScale([stored('2026-11-01', GIB), stored('2026-11-02', 7.3 * GIB)], SIZE)
    expect(lines.map((line) => line / GIB)).toEqual([0, 2, 4, 6, 8])
    expect(y(0)).toBe(110)
    expect(y(8 * GIB)).toBe(10)
    expect(points[0]?.y).toBe(97.5)
  })

  it('crosses units, and takes nothing as well', () => {
    expect(growthScale([stored('2026-11-01', 3.5 * 1024 * GIB)], SIZE).lines.map((line) => line / GIB)).toEqual([0, 1024, 2048, 3072, 4096])
    expect(growthScale([stored('2026-11-01', 0)], SIZE).lines).toEqual([0, 1])
    expect(growthScale([], SIZE).points).toEqual([])
  })

  it('keeps gaps between days, and finds the nearest one', () => {
    const { points } = growthScale([stored('2026-11-01', 1), stored('2026-11-02', 1), stored('2026-11-05', 1)], SIZE)
    expect(points.map(({ x }) => x)).toEqual([10, 110, 410])
    expect(nearestPoint(points, 290)?.day.day).toBe('2026-11-05')
    expect(nearestPoint(points, 0)?.day.day).toBe('2026-11-01')
    expect(nearestPoint([], 0)).toBeUndefined()
  })
})
