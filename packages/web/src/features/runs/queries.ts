import type { Plan, RepositoryView, Run, RunLogPage, RunPage } from '@holdfast/protocol'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import type { LogSource } from './log-window.ts'
import { queryOf, type RunFilters } from './run-filters.ts'

const HISTORY_PAGE = 200
const LOG_PAGE = 200
const FURTHER_PAGE = 1000

/** A run, as it is now: what is heard of it is written here too. */
export function runQuery(id: number) {
  return queryOptions({ queryKey: ['runs', id], queryFn: ({ signal }) => api.get<Run>(`/api/v1/runs/${id}`, { signal }) })
}

/** The newest runs of a repository, of some kinds. */
export function repositoryRunsQuery(repositoryId: number, { kinds, limit }: { readonly kinds: string; readonly limit: number }) {
  return queryOptions({
    queryKey: ['runs', 'of-repository', repositoryId, kinds, limit],
    queryFn: ({ signal }) => api.get<RunPage>('/api/v1/runs', { query: { repositoryId, kind: kinds, limit }, signal }),
  })
}

/** The newest runs that fit. */
export function fetchNewest(filters: RunFilters): Promise<RunPage> {
  return api.get<RunPage>('/api/v1/runs', { query: { ...queryOf(filters), limit: HISTORY_PAGE } })
}

/**
 * Runs that fit, page by page. Its key is not that of runs: a long list is kept up to date by what is heard of each run, and never fetched
 * anew as a whole.
 */
export function historyQuery(filters: RunFilters) {
  return infiniteQueryOptions({
    queryKey: ['run-history', filters],
    queryFn: ({ pageParam, signal }) =>
      api.get<RunPage>('/api/v1/runs', { query: { ...queryOf(filters), limit: HISTORY_PAGE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: false,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  })
}

/** The log of a run, page by page. What comes later is heard of. */
export function logSource(runId: number): LogSource {
  const path = `/api/v1/runs/${runId}/log`
  return {
    earlier: async (beforeId) => {
      const query = beforeId === undefined ? { limit: LOG_PAGE } : { limit: FURTHER_PAGE, cursor: String(beforeId) }
      const { items, next } = await api.get<RunLogPage>(path, { query: { order: 'newest', ...query } })
      return { items: items.toReversed(), next }
    },
    later: (afterId) => api.get<RunLogPage>(path, { query: { limit: FURTHER_PAGE, cursor: String(afterId) } }),
  }
}

/** The plans of a client to choose from. */
export function planChoicesQuery(clientId: number) {
  return queryOptions({
    queryKey: ['plans', 'of-client', clientId],
    queryFn: ({ signal }) => api.get<Plan[]>(`/api/v1/clients/${clientId}/plans`, { signal }),
  })
}

/** The plan that a filter names. */
export function chosenPlanQuery(id: number) {
  return queryOptions({ queryKey: ['plans', id], queryFn: ({ signal }) => api.get<Plan>(`/api/v1/plans/${id}`, { signal }) })
}

/** All repositories. */
export const repositoryChoicesQuery = queryOptions({
  queryKey: ['repositories'],
  queryFn: ({ signal }) => api.get<RepositoryView[]>('/api/v1/repositories', { signal }),
})
