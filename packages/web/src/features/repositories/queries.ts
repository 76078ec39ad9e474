import type {
  History,
  Maintenance,
  MaintenanceRequest,
  MaintenanceSettings,
  PlanPage,
  RepositoryView,
  ResticAccessView,
} from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { ApiFailure, api } from '../../app/api.ts'
import { later } from '../../app/clock.ts'
import { queryClient } from '../../app/query-client.ts'

/** So many plans are named that keep a repository from being removed. */
const PLANS_SHOWN = 20

/** While figures are counted, it is asked so often whether that has ended, and so many times. */
const COUNTED_EVERY_MS = 1000
const COUNTED_LOOKS = 60

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

/** The first plans that use a repository. */
export function repositoryPlansQuery(repositoryId: number) {
  return queryOptions({
    queryKey: ['plans', 'of-repository', repositoryId],
    queryFn: ({ signal }) => api.get<PlanPage>('/api/v1/plans', { query: { repositoryId, limit: PLANS_SHOWN }, signal }),
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

/** Has the figures of a repository counted, and gives what came of it; `isDue` where it has not ended after a minute. */
export async function countAgain(id: number): Promise<Maintenance['counting']> {
  await api.post(`/api/v1/repositories/${id}/refresh`)
  for (let look = 1; ; look++) {
    const { counting } = await queryClient.fetchQuery({ ...maintenanceQuery(id), staleTime: 0 })
    if (!counting.isDue) await refreshRepositories()
    if (!counting.isDue || look === COUNTED_LOOKS) return counting
    await new Promise<void>((resolve) => later(COUNTED_EVERY_MS, resolve))
  }
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
