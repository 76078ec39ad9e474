import type { Client, NewPlan, Plan, RepositoryView, Run, RunPage, Setup } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import { queryClient } from '../../app/query-client.ts'

/** How far the server is on the way to its first backup. For administrators. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => api.get<Setup>('/api/v1/setup', { signal }),
})

/** The newest backup that there is, which may be under way; `null` when there was none. */
export const newestBackupQuery = queryOptions({
  queryKey: ['runs', 'newest-backup'],
  queryFn: async ({ signal }) => (await api.get<RunPage>('/api/v1/runs', { query: { kind: 'backup', limit: 1 }, signal })).items[0] ?? null,
})

/** Has the way read anew. */
export async function refreshSetup(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: setupQuery.queryKey })
}

/** Replaces the password that the server made up. */
export function choosePassword(password: string): Promise<void> {
  return api.post<void>('/api/v1/setup/password', { password })
}

/** Makes the default repository: where the server proposes it, or in another folder of the server. */
export async function makeRepository(folder: string | undefined): Promise<void> {
  if (folder === undefined) await api.post('/api/v1/setup/repository')
  else await api.post<RepositoryView>('/api/v1/repositories', { name: 'default', location: folder, mode: 'create', isDefault: true })
}

/** Brings the server's own machine in; gives its client's number. */
export async function protectLocalMachine(): Promise<number> {
  return (await api.post<{ readonly clientId: number }>('/api/v1/setup/local-machine')).clientId
}

/** Adds a client for a machine that is to come in. */
export async function addMachine(name: string): Promise<number> {
  return (await api.post<Client>('/api/v1/clients', { name })).id
}

/** Protects folders daily, by the plan of just these that there is or by a new one, and begins at once. */
export async function beginFirstBackup(clientId: number, paths: readonly string[]): Promise<Run> {
  const plans = await api.get<readonly Plan[]>(`/api/v1/clients/${clientId}/plans`)
  const existing = plans.find(
    ({ selection }) => selection.paths.length === paths.length && paths.every((path) => selection.paths.includes(path)),
  )
  const plan = existing ?? (await api.post<Plan>(`/api/v1/clients/${clientId}/plans`, firstPlan(paths)))
  return api.post<Run>(`/api/v1/plans/${plan.id}/run`)
}

/** At three in the morning, within ten minutes: a machine that was off then makes up for it. */
function firstPlan(paths: readonly string[]): Partial<NewPlan> {
  const name = paths.map((path) => path.split('/').findLast((part) => part !== '') ?? path).join(', ')
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return {
    name: name.slice(0, 100),
    selection: {
      paths: [...paths],
      excludes: [],
      caseInsensitiveExcludes: [],
      excludeCaches: true,
      excludeIfPresent: [],
      oneFileSystem: false,
    },
    schedule: { cron: '0 3 * * *', timeZone, jitterSeconds: 600, catchUp: true },
  }
}
