import type { PreviewRetention, RetentionPreview } from '@holdfast/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

/** What a retention that is not set yet would do to the snapshots of a plan or a client. Asked for anew when there are other snapshots. */
export function retentionPreviewQuery(request: PreviewRetention) {
  return queryOptions({
    queryKey: ['snapshots', 'retention-preview', request],
    queryFn: ({ signal }) => api.post<RetentionPreview>('/api/v1/plans/retention-preview', request, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
  })
}
