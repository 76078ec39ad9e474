import type { Run, RunPage } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { filtersOf, fits, queryOf, searchOf } from './run-filters.ts'
import { type RunHistory, withFirstPage, withRun } from './run-history.ts'

const ALL = filtersOf({})

function runOf(id: number, changes: Partial<Run> = {}): Run {
  const nothing = { clientId: 1, clientName: 'mail', planId: 2, planName: 'daily', repositoryId: 3, repositoryName: 'default' }
  const times = { createdAt: '2026-03-10T12:00:00.000Z', notBefore: null, startedAt: null, finishedAt: null }
  const rest = {
    isDryRun: false,
    retryOf: null,
    attempt: 1,
    isCancelRequested: false,
    snapshotId: null,
    progress: null,
    statistics: null,
    error: null,
  }
  return { id, kind: 'backup', state: 'finished', trigger: 'schedule', ...nothing, ...times, ...rest, ...changes }
}

function pageOf(ids: readonly number[], next: string | null): RunPage {
  return { items: ids.map((id) => runOf(id)), next }
}

function historyOf(...pages: RunPage[]): RunHistory {
  return { pages, pageParams: pages.map(({ items }) => String(items[0]?.id)) }
}

function idsOf(history: RunHistory | undefined): number[][] | undefined {
  return history?.pages.map(({ items }) => items.map(({ id }) => id))
}

const TWO_PAGES = historyOf(pageOf([9, 8, 6], '6'), pageOf([5, 4], '4'))

test('a new run comes first, and one that was missed where it belongs', () => {
  expect(idsOf(withRun(TWO_PAGES, runOf(10), ALL))).toEqual([
    [10, 9, 8, 6],
    [5, 4],
  ])
  expect(idsOf(withRun(TWO_PAGES, runOf(7), ALL))).toEqual([
    [9, 8, 7, 6],
    [5, 4],
  ])
})

test('a run that is known is brought up to date in its place', () => {
  const history = withRun(TWO_PAGES, runOf(5, { state: 'error' }), ALL)
  expect(idsOf(history)).toEqual([
    [9, 8, 6],
    [5, 4],
  ])
  expect(history.pages[1]?.items[0]?.state).toBe('error')
})

test('runs further back than what is loaded are left to paging, unless all is loaded', () => {
  expect(withRun(TWO_PAGES, runOf(3), ALL)).toBe(TWO_PAGES)
  expect(idsOf(withRun(historyOf(pageOf([5, 4], null)), runOf(3), ALL))).toEqual([[5, 4, 3]])
  expect(idsOf(withRun(historyOf(pageOf([], null)), runOf(3), ALL))).toEqual([[3]])
})

test('a run that fits no more leaves the list, and one that never did stays out', () => {
  const failed = filtersOf({ state: 'finished' })
  expect(idsOf(withRun(TWO_PAGES, runOf(8, { state: 'error' }), failed))).toEqual([
    [9, 6],
    [5, 4],
  ])
  expect(withRun(TWO_PAGES, runOf(10, { state: 'running' }), failed)).toBe(TWO_PAGES)
})

test('the first page fetched again fills what was missed, or shows that too much was', () => {
  expect(idsOf(withFirstPage(TWO_PAGES, pageOf([11, 10, 9], '9'), ALL))).toEqual([
    [11, 10, 9, 8, 6],
    [5, 4],
  ])
  expect(withFirstPage(TWO_PAGES, pageOf([20, 19, 18], '18'), ALL)).toBeUndefined()
  expect(idsOf(withFirstPage(historyOf(pageOf([], null)), pageOf([20, 19], null), ALL))).toEqual([[20, 19]])
})

test('filters stand in the address as they are read from it, and nonsense is left out', () => {
  const search = { state: 'running,error', kind: 'backup', clientId: '4', since: '2026-03-01', until: '2026-03-31' }
  expect(searchOf(filtersOf(search))).toMatchObject(search)
  const nonsense = {
    state: 'broken,',
    kind: '',
    clientId: '-1',
    planId: 'x',
    repositoryId: '99999999999',
    since: '2026-13-41',
    until: 'now',
  }
  expect(filtersOf(nonsense)).toEqual(ALL)
})

test('days are those of the user, and the last one counts whole', () => {
  const filters = filtersOf({ since: '2026-03-10', until: '2026-03-10' })
  const { since, until } = queryOf(filters)
  expect(since).toBe(new Date(2026, 2, 10).toISOString())
  expect(until).toBe(new Date(2026, 2, 11).toISOString())
  expect(fits(runOf(1, { createdAt: new Date(2026, 2, 10, 23, 59).toISOString() }), filters)).toBe(true)
  expect(fits(runOf(1, { createdAt: new Date(2026, 2, 11).toISOString() }), filters)).toBe(false)
  expect(fits(runOf(1, { createdAt: new Date(2026, 2, 9, 23, 59).toISOString() }), filters)).toBe(false)
})

test('each filter keeps out what it should', () => {
  const run = runOf(1)
  for (const search of [{ state: 'error' }, { kind: 'check' }, { clientId: '9' }, { planId: '9' }, { repositoryId: '9' }]) {
    expect(fits(run, filtersOf(search))).toBe(false)
  }
  expect(fits(run, filtersOf({ state: 'finished', kind: 'backup', clientId: '1', planId: '2', repositoryId: '3' }))).toBe(true)
})
