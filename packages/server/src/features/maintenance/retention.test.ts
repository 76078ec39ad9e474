import { namedTimeZone, type StoredSnapshot } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { Retention } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { expiredSnapshots, type JudgedSnapshot, judgeSnapshots } from './retention.ts'

const UTC = namedTimeZone('UTC')
const NOW = Date.parse('2026-03-01T12:00:00Z')
const DAY_MS = 86_400_000

/** One snapshot for each age in days. */
function aged(...days: readonly number[]): (JudgedSnapshot & { readonly age: number })[] {
  return days.map((age) => {
    const time = new Date(NOW - age * DAY_MS).toISOString()
    const stored = { id: `age ${age}`, time, tree: '', paths: ['/'], hostname: 'alpha' } as unknown as StoredSnapshot
    return { stored, age, isPinned: false, isPartial: false }
  })
}

function expiredAges(snapshots: ReturnType<typeof aged>, retention: Retention | null): number[] {
  return expiredSnapshots(snapshots, { retention, clock: new ManualClock(NOW), timeZone: UTC }).map(({ age }) => age)
}

describe('retention', () => {
  it.each<[string, Retention | null, number[]]>([
    ['nothing is said', null, []],
    ['it has no rule', {}, []],
    ['versions are counted', { versions: 2 }, [2, 10, 40]],
    ['days are counted', { days: 5 }, [10, 40]],
    ['both limit, whichever removes more', { versions: 4, days: 5 }, [10, 40]],
    ['both limit, whichever removes more', { versions: 2, days: 5 }, [2, 10, 40]],
    ['counts of calendar units keep more', { versions: 1, monthly: 2 }, [2, 10, 40]],
    ['only counts of calendar units are given', { yearly: 1 }, [1, 2, 10, 40]],
  ])('when %s (%o)', (_case, retention, expired) => {
    expect(expiredAges(aged(0, 1, 2, 10, 40), retention).toSorted((a, b) => a - b)).toEqual(expired)
  })

  it('counts days from the newest snapshot: a source that is not backed up any more loses nothing', () => {
    expect(expiredAges(aged(400, 402, 410), { days: 5 })).toEqual([410])
  })

  it('never takes what is pinned, the newest, or the newest that is whole', () => {
    const snapshots = aged(0, 1, 2, 3).map((one) => ({ ...one, isPartial: one.age < 2, isPinned: one.age === 3 }))
    expect(expiredAges(snapshots, { versions: 1 })).toEqual([1])
  })

  it('says why each stays or goes', () => {
    const snapshots = aged(0, 1, 2, 40).map((one) => ({ ...one, isPartial: one.age === 0, isPinned: one.age === 2 }))
    const reasons = (retention: Retention | null) =>
      judgeSnapshots(snapshots, { retention, clock: new ManualClock(NOW), timeZone: UTC }).map((judgement) => judgement.reasons)
    expect(reasons(null)).toEqual(snapshots.map(() => ['unlimited']))
    expect(reasons({ versions: 1 })).toEqual([['newest', 'versions'], ['newest-whole'], ['pinned'], ['expired']])
    expect(reasons({ versions: 3, days: 1, monthly: 9 })).toEqual([
      ['newest', 'versions', 'days', 'monthly'],
      ['newest-whole', 'versions', 'days', 'monthly'],
      ['pinned'],
      ['monthly'],
    ])
  })

  it('has nothing to take where there is nothing', () => {
    expect(expiredAges([], { versions: 1 })).toEqual([])
  })
})
