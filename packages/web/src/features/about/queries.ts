import type { About } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

const REFRESH_MS = 60_000

/** What the server is made of. */
export const aboutQuery = queryOptions({
  queryKey: ['about'],
  queryFn: ({ signal }) => api.get<About>('/api/v1/about', { signal }),
  refetchInterval: REFRESH_MS,
})
