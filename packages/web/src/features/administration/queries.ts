import type { AuditPage, ChangeUser, Channel, Client, ClientPage, NewUser, Setting, User } from '@holdfast/protocol'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, type CallOptions } from '../../app/api.ts'

const AUDIT_PAGE_ROWS = 200
const CLIENTS_AT_ONCE = 200
/** Far more than anybody has; a server that gives the same clients again and again does not keep us busy for ever. */
const CLIENTS_MAX = 100_000

/** All users. */
export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => api.get<User[]>('/api/v1/users', { signal }),
})

/** What administrators change of users. */
export const users = {
  add: (user: NewUser) => api.post<User>('/api/v1/users', user),
  change: (id: number, changes: ChangeUser) => api.patch<User>(`/api/v1/users/${id}`, changes),
  remove: (id: number) => api.delete<void>(`/api/v1/users/${id}`),
  endSessions: (id: number) => api.delete<void>(`/api/v1/users/${id}/sessions`),
} as const

/** Some of the clients of a user, and whether there are more. */
export function clientsOfQuery(ownerId: number) {
  return queryOptions({
    queryKey: ['clients', 'of', ownerId],
    queryFn: ({ signal }) => api.get<ClientPage>('/api/v1/clients', { query: { ownerId, limit: CLIENTS_AT_ONCE, sort: 'name' }, signal }),
    staleTime: 0,
  })
}

/** Makes all clients of one user those of another. */
export async function handOverClients(fromId: number, toId: number): Promise<void> {
  for (let moved = 0; moved < CLIENTS_MAX; ) {
    const { items } = await api.get<ClientPage>('/api/v1/clients', { query: { ownerId: fromId, limit: CLIENTS_AT_ONCE } })
    if (items.length === 0) return
    for (const { id } of items) await api.patch<Client>(`/api/v1/clients/${id}`, { ownerId: toId })
    moved += items.length
  }
}

/** Channels that one may see. */
export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: ({ signal }) => api.get<readonly Channel[]>('/api/v1/channels', { signal }),
})

/** What the server runs with. */
export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => api.get<readonly Setting[]>('/api/v1/settings', { signal }),
})

/** The audit log, page by page, newest first. */
export function auditQuery(filter: NonNullable<CallOptions['query']>) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<AuditPage>('/api/v1/audit', { query: { ...filter, limit: AUDIT_PAGE_ROWS, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  })
}
