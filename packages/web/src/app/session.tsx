import type { User } from '@holdfast/protocol'
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { api } from './api.ts'

/** Who is signed in. Fails with `auth.required` when nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => api.get<User>('/api/v1/me', { signal }),
  staleTime: 60_000,
})

/** Who is signed in; only below the shell, which nobody else sees. */
export function useMe(): User {
  return useSuspenseQuery(meQuery).data
}

/** Who is signed in, if anybody is known to be. */
export function useMaybeMe(): User | undefined {
  return useQuery({ ...meQuery, enabled: false }).data
}

/** When the server last said who is signed in, in milliseconds. */
export function useSessionSeenAt(): number {
  return useQuery({ ...meQuery, enabled: false }).dataUpdatedAt
}

/** What the signed-in user may do. */
export interface Rights {
  readonly isAdmin: boolean
  /** Change what one owns: all but viewers. */
  readonly mayManage: boolean
}

/** What the signed-in user may do; the server decides in the end. */
export function useRights(): Rights {
  const { role } = useMe()
  return { isAdmin: role === 'admin', mayManage: role !== 'viewer' }
}
