import type { SourceKind } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

/** The kinds of things that can be backed up. They change with the server's version alone. */
export const sourceKindsQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => api.get<SourceKind[]>('/api/v1/sources', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})
