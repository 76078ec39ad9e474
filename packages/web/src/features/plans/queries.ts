import type { Plan, PlanPage, PreviewSchedule, RepositoryView, RunTimes } from '@holdfast/protocol'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import { queryClient } from '../../app/query-client.ts'
import { type PlansSearch, plansCall } from './plan-filters.ts'

const LIST_PAGE = 100
const TIMES_SHOWN = 5
/** A list of so many pages is read anew by itself; the rest of a longer one when somebody comes back to it. */
const FRESH_PAGES_MAX = 3
const REFRESH_MS = 10_000

/** All plans that somebody may see, page by page. Its key is not that of plans, for the same reason as with clients. */
export function planListQuery(search: PlansSearch) {
  return infiniteQueryOptions({
    queryKey: ['plan-list', search],
    queryFn: ({ pageParam, signal }) =>
      api.get<PlanPage>('/api/v1/plans', { query: { ...plansCall(search), limit: LIST_PAGE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= FRESH_PAGES_MAX ? REFRESH_MS : false),
  })
}

/** One plan. */
export function planQuery(id: number) {
  return queryOptions({ queryKey: ['plans', id], queryFn: ({ signal }) => api.get<Plan>(`/api/v1/plans/${id}`, { signal }) })
}

/** When a schedule would run next. */
export function previewTimesQuery({ schedule, limits, clientId }: Omit<PreviewSchedule, 'count'>) {
  const asked = { schedule, limits, clientId, count: TIMES_SHOWN }
  return queryOptions({
    queryKey: ['run-times', asked],
    queryFn: ({ signal }) => api.post<RunTimes>('/api/v1/plans/preview', asked, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
}

/** The repositories that plans can store in. */
export const planRepositoriesQuery = queryOptions({
  queryKey: ['repositories', 'for-plans'],
  queryFn: ({ signal }) => api.get<RepositoryView[]>('/api/v1/repositories', { signal }),
  select: (all) => all.filter(({ hasKey }) => hasKey),
  staleTime: 30_000,
})

/** Has everything read anew that shows plans. */
export async function refreshPlans(): Promise<void> {
  const keys = ['plans', 'plan-list', 'client-list', 'clients', 'overview']
  await Promise.all(keys.map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
