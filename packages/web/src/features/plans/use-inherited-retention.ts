import { useQuery } from '@tanstack/react-query'
import { clientQuery } from '../clients/queries.ts'
import { retentionPreviewQuery } from '../retention/queries.ts'
import type { InheritedRetention, UnknownRetention } from '../retention/retention-fields.tsx'

/** What counts on a client for plans that have no retention of their own, and whose it is. */
export function useInheritedRetention(clientId: number): InheritedRetention | UnknownRetention {
  const client = useQuery(clientQuery(clientId))
  const own = client.data?.settings.retention
  const preview = useQuery({ ...retentionPreviewQuery({ clientId, retention: null }), enabled: own === null, staleTime: 60_000 })
  if (own === undefined) return { failure: client.error, retry: () => void client.refetch() }
  if (own !== null) return { retention: own, from: 'client' }
  if (preview.data === undefined) return { failure: preview.error, retry: () => void preview.refetch() }
  const { effectiveRetention } = preview.data
  return { retention: effectiveRetention, from: effectiveRetention === null ? 'nobody' : 'owner' }
}
