import type { Client, ClientLogPage, ClientPage, LogLevel, Plan, RunPage, User } from '@holdfast/protocol'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import { queryClient } from '../../app/query-client.ts'
import { type ClientsSearch, clientsCall } from './client-filters.ts'

const LIST_PAGE = 200
const LOG_PAGE = 200
/** A list of so many pages is read anew by itself; the rest of a longer one when somebody comes back to it. */
const FRESH_PAGES_MAX = 3
const REFRESH_MS = 10_000

/**
 * The list of clients, page by page. Its key is not that of clients: whatever happens to a run would read all pages of a long list anew,
 * thousands of clients every few seconds.
 */
export function clientListQuery(search: ClientsSearch) {
  return infiniteQueryOptions({
    queryKey: ['client-list', search],
    queryFn: ({ pageParam, signal }) =>
      api.get<ClientPage>('/api/v1/clients', { query: { ...clientsCall(search), limit: LIST_PAGE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= FRESH_PAGES_MAX ? REFRESH_MS : false),
  })
}

/** One client. */
export function clientQuery(id: number) {
  return queryOptions({ queryKey: ['clients', id], queryFn: ({ signal }) => api.get<Client>(`/api/v1/clients/${id}`, { signal }) })
}

/** The plans of a client. */
export function clientPlansQuery(clientId: number) {
  return queryOptions({
    queryKey: ['plans', 'of-client', clientId],
    queryFn: ({ signal }) => api.get<Plan[]>(`/api/v1/clients/${clientId}/plans`, { signal }),
  })
}

/** The newest runs of a client. */
export function clientRunsQuery(clientId: number) {
  return queryOptions({
    queryKey: ['runs', 'of-client', clientId],
    queryFn: ({ signal }) => api.get<RunPage>('/api/v1/runs', { query: { clientId, limit: 10 }, signal }),
  })
}

/** What the log of a client is read by. */
export interface LogFilter {
  readonly search?: string
  readonly level?: LogLevel
  /** How many lines at first. */
  readonly limit?: number
}

/** The log of a client, newest first, page by page. */
export function clientLogQuery(clientId: number, { limit = LOG_PAGE, ...filter }: LogFilter) {
  return infiniteQueryOptions({
    queryKey: ['clients', clientId, 'logs', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      api.get<ClientLogPage>(`/api/v1/clients/${clientId}/logs`, { query: { ...filter, limit, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  })
}

/** All users, for administrators. */
export const ownersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => api.get<User[]>('/api/v1/users', { signal }),
  staleTime: 60_000,
})

/** Has everything read anew that shows clients. */
export async function refreshClients(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['clients'] }),
    queryClient.invalidateQueries({ queryKey: ['client-list'] }),
    queryClient.invalidateQueries({ queryKey: ['overview'] }),
  ])
}
