import type { History, Maintenance, MaintenanceRequest, MaintenanceSettings, RepositoryView, ResticAccessView } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { ApiFailure, api } from '../../app/api.ts'
import { queryClient } from '../../app/query-client.ts'

/** All repositories. */
export const repositoriesQuery = queryOptions({
  queryKey: ['repositories'],
  queryFn: ({ signal }) => api.get<RepositoryView[]>('/api/v1/repositories', { signal }),
})

/** One repository. */
export function repositoryQuery(id: number) {
  return queryOptions({
    queryKey: ['repositories', id],
    queryFn: ({ signal }) => api.get<RepositoryView>(`/api/v1/repositories/${id}`, { signal }),
  })
}

/** How a repository is maintained; for administrators. */
export function maintenanceQuery(id: number) {
  return queryOptions({
    queryKey: ['repositories', id, 'maintenance'],
    queryFn: ({ signal }) => api.get<Maintenance>(`/api/v1/repositories/${id}/maintenance`, { signal }),
  })
}

/** What a repository held day by day. */
export function historyQuery(id: number, days: number) {
  return queryOptions({
    queryKey: ['repositories', id, 'history', days],
    queryFn: ({ signal }) => api.get<History>(`/api/v1/repositories/${id}/history`, { query: { days }, signal }),
    staleTime: 60_000,
  })
}

/** What a client may use by restic itself. */
export function resticAccessQuery(clientId: number) {
  return queryOptions({
    queryKey: ['clients', clientId, 'restic'],
    queryFn: ({ signal }) => api.get<ResticAccessView>(`/api/v1/clients/${clientId}/restic`, { signal }),
  })
}

/** Has something done for a repository as soon as possible. */
export async function requestMaintenance(id: number, request: MaintenanceRequest): Promise<void> {
  queryClient.setQueryData(
    maintenanceQuery(id).queryKey,
    await api.post<Maintenance>(`/api/v1/repositories/${id}/maintenance/run`, request),
  )
}

/** Sets when and how a repository is maintained. */
export async function setMaintenance(id: number, settings: MaintenanceSettings): Promise<void> {
  queryClient.setQueryData(maintenanceQuery(id).queryKey, await api.put<Maintenance>(`/api/v1/repositories/${id}/maintenance`, settings))
}

/**
 * The recovery kit of a repository.
 * @throws {ApiFailure} Also when the answer is something else, a sign-in page of whoever stands between, say.
 */
export async function fetchRecoveryKit(id: number): Promise<string> {
  const answer = await api.open(`/api/v1/repositories/${id}/recovery-kit`)
  const kit = await answer.text()
  if (/^text\/markdown\b/.test(answer.headers.get('content-type') ?? '') && kit.includes('RESTIC_PASSWORD')) return kit
  const detail = 'Cannot fetch the recovery kit: the answer is none'
  throw new ApiFailure({ type: 'about:blank', title: '', status: answer.status, code: 'answer.unknown', detail })
}

/** Has everything read anew that shows repositories. */
export async function refreshRepositories(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['repositories'] }),
    queryClient.invalidateQueries({ queryKey: ['overview'] }),
  ])
}
