import type { Run, RunPage } from '@holdfast/protocol'
import type { InfiniteData } from '@tanstack/react-query'
import { fits, type RunFilters } from './run-filters.ts'

/** Pages of a list of runs, newest first. */
export type RunHistory = InfiniteData<RunPage, unknown>

/**
 * The list after something was heard of a run: a run that it has is brought up to date, or leaves it when it does not fit any more; a new
 * one comes where its number says. Of what lies further back than what is loaded nothing is taken: paging will find it there.
 */
export function withRun(history: RunHistory, run: Run, filters: RunFilters): RunHistory {
  const isWanted = fits(run, filters)
  const pageIndex = pageOf(history, run)
  const page = history.pages[pageIndex]
  if (page === undefined) return history
  const known = page.items.findIndex(({ id }) => id === run.id)
  if (known < 0 && !isWanted) return history
  const items = known >= 0 ? replaced(page.items, { known, run, isWanted }) : inserted(page.items, run)
  return { ...history, pages: history.pages.with(pageIndex, { ...page, items }) }
}

/** The list after its first page was fetched again; undefined when so much is new that what lies between is not known. */
export function withFirstPage(history: RunHistory, fresh: RunPage, filters: RunFilters): RunHistory | undefined {
  const newest = history.pages[0]?.items[0]
  const oldestFresh = fresh.items.at(-1)
  const isWhole = fresh.next === null
  if (newest !== undefined && oldestFresh !== undefined && oldestFresh.id > newest.id && !isWhole) return undefined
  return fresh.items.reduce((list, run) => withRun(list, run, filters), history)
}

/** The page that holds the run, or where it belongs; -1 behind all that is loaded. */
function pageOf({ pages }: RunHistory, run: Run): number {
  const found = pages.findIndex(({ items, next }) => next === null || run.id >= (items.at(-1)?.id ?? Number.POSITIVE_INFINITY))
  return found
}

function replaced(
  items: readonly Run[],
  { known, run, isWanted }: { readonly known: number; readonly run: Run; readonly isWanted: boolean },
): Run[] {
  return isWanted ? items.with(known, run) : items.toSpliced(known, 1)
}

function inserted(items: readonly Run[], run: Run): Run[] {
  const place = items.findIndex(({ id }) => id < run.id)
  return items.toSpliced(place < 0 ? items.length : place, 0, run)
}
