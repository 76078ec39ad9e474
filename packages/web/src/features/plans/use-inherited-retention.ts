import { useQuery } from '@tanstack/react-query'
import { clientQuery } from '../clients/queries.ts'
import { retentionPreviewQuery } from '../retention/queries.ts'
import type { InheritedRetention } from '../retention/retention-fields.tsx'

/** What counts on a client for plans that have no retention of their own, and whose it is; undefined until it is known. */
export function useInheritedRetention(clientId: number): InheritedRetention | undefined {
  const { data: client } = useQuery(clientQuery(clientId))
  const own = client?.settings.retention
  const { data: preview } = useQuery({ ...retentionPreviewQuery({ clientId, retention: null }), enabled: own === null, staleTime: 60_000 })
  if (own === undefined) return undefined
  if (own !== null) return { retention: own, from: 'client' }
  if (preview === undefined) return undefined
  return { retention: preview.effectiveRetention, from: preview.effectiveRetention === null ? 'nobody' : 'owner' }
}
