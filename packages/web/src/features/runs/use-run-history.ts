import type { Run } from '@holdfast/protocol'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { type RunHearer, useRunEvents } from '../../app/live.ts'
import { fetchNewest, historyQuery } from './queries.ts'
import type { RunFilters } from './run-filters.ts'
import { withFirstPage, withRun } from './run-history.ts'

/** A list of runs that grows at its end when asked to, and keeps up with what happens. */
export interface ShownHistory {
  readonly runs: readonly Run[]
  readonly failure: Error | null
  readonly isWaiting: boolean
  readonly isLoadingMore: boolean
  readonly hasMore: boolean
  /** Loads the next page, unless it does already or the last attempt failed. */
  readonly loadMore: () => void
  readonly retry: () => void
}

/** The runs that fit; `filters` must keep their identity while they stay the same. */
export function useRunHistory(filters: RunFilters): ShownHistory {
  const query = useInfiniteQuery(historyQuery(filters))
  const { data, error, isPending, isFetchingNextPage, hasNextPage, fetchNextPage, isFetching, refetch } = query
  useRunEvents(useHearer(filters))
  const runs = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  const mayLoad = hasNextPage && !isFetching && error === null
  const loadMore = useCallback(() => {
    if (mayLoad) void fetchNextPage()
  }, [mayLoad, fetchNextPage])
  const retry = useCallback(() => void (data === undefined ? refetch() : fetchNextPage()), [data, refetch, fetchNextPage])
  return { runs, failure: error, isWaiting: isPending, isLoadingMore: isFetchingNextPage, hasMore: hasNextPage, loadMore, retry }
}

/** Puts what is heard into the list. Progress alone changes nothing there: rows hear of it themselves. */
function useHearer(filters: RunFilters): RunHearer {
  const client = useQueryClient()
  const known = useRef(new Map<number, string>())
  const hearer = useMemo((): RunHearer => {
    const { queryKey } = historyQuery(filters)
    known.current.clear()
    return {
      onRun: (run) => {
        const standing = `${run.state} ${run.isCancelRequested}`
        if (known.current.get(run.id) === standing) return
        known.current.set(run.id, standing)
        client.setQueryData(queryKey, (history) => history && withRun(history, run, filters))
      },
      onGap: () => void catchUp(client, { filters, known: known.current }),
    }
  }, [client, filters])
  // What happened since the list was last shown was not heard.
  useEffect(() => hearer.onGap(), [hearer])
  return hearer
}

async function catchUp(
  client: ReturnType<typeof useQueryClient>,
  { filters, known }: { readonly filters: RunFilters; readonly known: ReadonlyMap<number, string> },
): Promise<void> {
  const { queryKey } = historyQuery(filters)
  if (client.getQueryData(queryKey) === undefined) return
  try {
    const before = new Map(known)
    const fresh = await fetchNewest(filters)
    const history = client.getQueryData(queryKey)
    // What was heard while the answer was on its way is newer than the answer.
    const items = fresh.items.filter(({ id }) => known.get(id) === before.get(id))
    const next = history && withFirstPage(history, { ...fresh, items }, filters)
    if (next === undefined) await client.resetQueries({ queryKey, exact: true })
    else client.setQueryData(queryKey, next)
  } catch {
    // The connection tells when it is back, and then it is tried again.
  }
}
