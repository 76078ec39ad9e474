import { useCallback } from 'react'

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

/** Lets a list grow page by page. An attempt that fails is not made again by itself: it would be, as fast as it fails. */
export function useEndless({ hasNextPage, isFetching, isError, isFetchNextPageError, fetchNextPage, refetch }: PagedQuery): Endless {
  const mayAsk = hasNextPage && !isFetching && !isError
  const more = useCallback(() => {
    if (mayAsk) void fetchNextPage()
  }, [mayAsk, fetchNextPage])
  const retry = useCallback(() => void (isFetchNextPageError ? fetchNextPage() : refetch()), [isFetchNextPageError, fetchNextPage, refetch])
  return { more, retry }
}
