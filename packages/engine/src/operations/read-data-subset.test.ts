import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PackId } from '../format/ids.ts'
import { parseReadDataSubset, selectPacks } from './read-data-subset.ts'

describe('parseReadDataSubset', () => {
  it.each([
    ['1/5', { kind: 'part', part: 1, parts: 5 }],
    ['256/256', { kind: 'part', part: 256, parts: 256 }],
    ['2.5%', { kind: 'share', percent: 2.5 }],
    ['100%', { kind: 'share', percent: 100 }],
    ['1e-3%', { kind: 'share', percent: 0.001 }],
    ['50M', { kind: 'size', sizeBytes: 52_428_800 }],
    ['7b', { kind: 'size', sizeBytes: 7 }],
  ])('reads %j', (text, expected) => {
    expect(parseReadDataSubset(text)).toEqual(expected)
  })

  it.each([
    '',
    '5',
    '0/5',
    '6/5',
    '5/0',
    '1/257',
    '1/2/3',
    '/',
    '1/',
    '/2',
    '-1/5',
    '1 / 2',
    '0%',
    '-1%',
    '100.1%',
    '%',
    'x%',
    'NaN%',
    '0M',
    '-5M',
    '1.5G',
    'M',
  ])('refuses %j', (text) => {
    expect(() => parseReadDataSubset(text)).toThrow(expect.objectContaining({ code: 'input.invalid' }))
  })
})

describe('selectPacks', () => {
  const packs = new Map(Array.from({ length: 1000 }, (_, index) => [packId(index), 1000 + index]))

  it('divides packs by the first byte of their ids', () => {
    expect(selectPacks(packs, { kind: 'part', part: 3, parts: 256 })).toEqual([2, 258, 514, 770].map(packId))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), (parts) => {
        const all = Array.from({ length: parts }, (_, index) => selectPacks(packs, { kind: 'part', part: index + 1, parts })).flat()
        expect(all).toHaveLength(packs.size)
        expect(new Set(all)).toEqual(new Set(packs.keys()))
      }),
      { numRuns: 10 },
    )
  })

  it.each([
    [{ kind: 'share', percent: 100 }, 1000],
    [{ kind: 'share', percent: 12.39 }, 123],
    [{ kind: 'share', percent: 0.0001 }, 1],
    [{ kind: 'size', sizeBytes: 1 }, 1],
    [{ kind: 'size', sizeBytes: 149_950 }, 100],
    [{ kind: 'size', sizeBytes: 1e12 }, 1000],
  ] as const)('chooses by %j', (subset, count) => {
    const chosen = selectPacks(packs, subset)
    expect(chosen).toHaveLength(count)
    expect(new Set(chosen).size).toBe(count)
    expect(chosen.every((id) => packs.has(id))).toBe(true)
  })

  it('chooses others each time, and every pack at some time', () => {
    const few = new Map([...packs].slice(0, 20))
    const rounds = Array.from({ length: 400 }, () => selectPacks(few, { kind: 'share', percent: 50 }))
    expect(new Set(rounds.flat()).size).toBe(20)
    expect(new Set(rounds.map((ids) => ids.toSorted().join())).size).toBeGreaterThan(100)
  })

  it('chooses nothing of nothing', () => {
    for (const text of ['1/1', '100%', '5M']) expect(selectPacks(new Map(), parseReadDataSubset(text))).toEqual([])
  })
})

function packId(index: number): PackId {
  return `${(index % 256).toString(16).padStart(2, '0')}${index.toString(16).padStart(62, '0')}` as PackId
}
