import type { SnapshotView } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { comparedIds, filterOf, toggledComparison } from './snapshot-filter.ts'
import { dayOf, timelineRows } from './timeline-rows.ts'

function snapshotAt(id: number, time: Date, addedBytes: number | null): SnapshotView {
  return {
    id,
    snapshotId: 'a'.repeat(64),
    repositoryId: 1,
    clientId: 1,
    clientName: 'laptop',
    planId: null,
    planName: null,
    runId: null,
    time: time.toISOString(),
    hostname: 'alpha',
    paths: ['/home'],
    tags: [],
    isPinned: false,
    sizeBytes: null,
    fileCount: null,
    addedBytes,
  }
}

test('snapshots stand below the days of the browser, with what the days added', () => {
  const late = snapshotAt(3, new Date(2026, 10, 21, 0, 0, 0), 5)
  const early = snapshotAt(2, new Date(2026, 10, 20, 23, 59, 59), null)
  const first = snapshotAt(1, new Date(2026, 10, 20, 0, 0, 0), 7)
  const rows = timelineRows([late, early, first])
  expect(rows).toEqual([
    { kind: 'day', day: '2026-11-21', at: late.time, count: 1, addedBytes: 5 },
    { kind: 'snapshot', snapshot: late, isLastOfDay: true, needsSecond: false },
    { kind: 'day', day: '2026-11-20', at: early.time, count: 2, addedBytes: 7 },
    { kind: 'snapshot', snapshot: early, isLastOfDay: false, needsSecond: false },
    { kind: 'snapshot', snapshot: first, isLastOfDay: true, needsSecond: false },
  ])
  expect(timelineRows([])).toEqual([])
})

test('only snapshots of the same minute need their second', () => {
  const times = [new Date(2026, 10, 21, 9, 4, 0), new Date(2026, 10, 21, 9, 3, 59), new Date(2026, 10, 21, 9, 3, 0)]
  const rows = timelineRows(times.map((time, index) => snapshotAt(3 - index, time, null)))
  const needs = rows.flatMap((row) => (row.kind === 'day' ? [] : [row.needsSecond]))
  expect(needs).toEqual([false, true, true])
})

test('days of an address are whole days of the browser', () => {
  const { from, until } = filterOf({ from: '2026-11-20', until: '2026-11-21' })
  expect(from).toBe(new Date(2026, 10, 20).toISOString())
  expect(until).toBe(new Date(2026, 10, 22).toISOString())
  expect(dayOf(from ?? '')).toBe('2026-11-20')
})

test('nonsense in an address asks for nothing', () => {
  expect(filterOf({ clientId: 'x', planId: '0', repositoryId: '1e3', from: 'today', until: '2026-11', pinned: 'maybe' })).toEqual({})
  expect(filterOf({ clientId: '12', host: 'beta', tag: 'nightly', pinned: 'true' })).toEqual({
    clientId: '12',
    hostname: 'beta',
    tag: 'nightly',
    isPinned: 'true',
  })
})

test('two snapshots are compared, and a third takes the place of the second', () => {
  expect(comparedIds('4,x,4,7,9')).toEqual([4, 7])
  expect(comparedIds(undefined)).toEqual([])
  expect(toggledComparison([], 4)).toBe('4')
  expect(toggledComparison([4], 7)).toBe('4,7')
  expect(toggledComparison([4, 7], 9)).toBe('4,9')
  expect(toggledComparison([4, 7], 4)).toBe('7')
  expect(toggledComparison([4], 4)).toBeUndefined()
})
