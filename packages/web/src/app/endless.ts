import { useCallback, useEffect } from 'react'

/** What is needed of a query that is fetched page by page. */
interface PagedQuery {
  readonly hasNextPage: boolean
  readonly isFetching: boolean
  readonly isError: boolean
  readonly isFetchNextPageError: boolean
  readonly fetchNextPage: () => Promise<unknown>
  readonly refetch: () => Promise<unknown>
}

/** How a list of any length goes on. */
export interface Endless {
  /** For when its end comes near: asks for the next page, unless something is on its way or the last attempt failed. */
  readonly more: () => void
  /** Does again what failed. What is shown stays. */
  readonly retry: () => void
}

/** What is there of a list. Pages may be empty though there is more: below the least of rows, the next page is asked for at once. */
interface Filling {
  readonly shown: number
  readonly least: number
}

/** Lets a list grow page by page. An attempt that fails is not made again by itself: it would be, as fast as it fails. */
export function useEndless(query: PagedQuery, filling?: Filling): Endless {
  const { hasNextPage, isFetching, isError, isFetchNextPageError, fetchNextPage, refetch } = query
  const mayAsk = hasNextPage && !isFetching && !isError
  const more = useCallback(() => {
    if (mayAsk) void fetchNextPage()
  }, [mayAsk, fetchNextPage])
  const retry = useCallback(() => void (isFetchNextPageError ? fetchNextPage() : refetch()), [isFetchNextPageError, fetchNextPage, refetch])
  const isTooShort = filling !== undefined && filling.shown < filling.least
  useEffect(() => {
    if (isTooShort) more()
  }, [isTooShort, more])
  return { more, retry }
}
