import { describe, expect, it } from 'vitest'
import { packsOfShare, type ReadingRound, shareToRead } from './reading-round.ts'

const DAY_MS = 86_400_000
const PACKS = Array.from({ length: 1000 }, (_, index) => ((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0').padEnd(64, '0'))

/** Carries out checks on these days of a schedule that says daily, and gives when each pack was read. */
function readOn(days: Iterable<number>, readAllWithinDays: number): ReadonlyMap<string, number[]> {
  const readAt = new Map<string, number[]>(PACKS.map((pack) => [pack, []]))
  let round: ReadingRound | undefined
  for (const day of days) {
    // A few seconds late, as schedulers are.
    const now = day * DAY_MS + 7000
    const next = (after: number): number => Math.floor(after / DAY_MS + 1) * DAY_MS
    const share = shareToRead(round, { now, next, readAllWithinDays })
    for (const pack of packsOfShare(PACKS, share)) readAt.get(pack)?.push(day)
    round = share.after
  }
  return readAt
}

function longestGaps(readAt: ReadonlyMap<string, number[]>): number {
  const gaps = readAt
    .values()
    .map((days) => Math.max(days[0] ?? Number.POSITIVE_INFINITY, ...days.slice(1).map((day, i) => day - (days[i] ?? 0))))
  return Math.max(...gaps)
}

describe('a round of reading', () => {
  it.each([1, 2, 7, 30, 365])('reads every pack within %i days', (within) => {
    const days = Array.from({ length: within * 3 + 3 }, (_, day) => day)
    expect(longestGaps(readOn(days, within))).toBeLessThanOrEqual(within)
  })

  it('reads about the same each time', () => {
    const readAt = readOn(
      Array.from({ length: 30 }, (_, day) => day),
      30,
    )
    const counts = Map.groupBy(
      [...readAt.values()].map(([day]) => day),
      (day) => day,
    )
    expect(Math.max(...counts.values().map(({ length }) => length))).toBeLessThan(120)
  })

  it('makes up for checks that were missed', () => {
    const days = Array.from({ length: 40 }, (_, day) => day).filter((day) => day < 5 || day > 17)
    const first = [...readOn(days, 30).values()].map(([day = Number.POSITIVE_INFINITY]) => day)
    expect(Math.max(...first)).toBeLessThanOrEqual(30)
  })
})
