import type { MachineFolder, Selection, SelectionPreview } from '@holdfast/protocol'
import { queryOptions, type UseQueryResult } from '@tanstack/react-query'
import { ApiFailure, api } from '../../app/api.ts'

const FRESH_MS = 60_000
const TRIES_BEFORE_AWAY = 3

/**
 * A folder of a machine as its agent finds it; without a path, the folders that the machine begins with. Its key is not that of clients:
 * a machine is asked when somebody wants to know, and not whenever something happens to a run.
 */
export function machineFolderQuery(clientId: number, path: string | undefined) {
  return queryOptions({
    queryKey: ['machine-folders', clientId, path ?? null],
    queryFn: ({ signal }) =>
      api.get<MachineFolder>(`/api/v1/clients/${clientId}/folders`, { signal, ...(path === undefined ? {} : { query: { path } }) }),
    staleTime: FRESH_MS,
    // A machine that is away may come at any time; whatever else fails, fails again.
    retry: (_count, failure) => path === undefined && isNotConnected(failure),
    retryDelay: 2000,
  })
}

/** What {@link machineFolderQuery} fails by. An agent that has just started may come a moment later: that is no failure yet. */
export function folderFailure(answer: Pick<UseQueryResult, 'error' | 'failureReason' | 'failureCount'>): Error | null {
  return answer.error ?? (answer.failureCount >= TRIES_BEFORE_AWAY ? answer.failureReason : null)
}

function isNotConnected(failure: unknown): boolean {
  return failure instanceof ApiFailure && failure.problem.code === 'client.not-connected'
}

/** What a backup of a selection would take and leave out on a machine now. It takes the agent up to 20 seconds, hence a key of its own. */
export function selectionPreviewQuery(clientId: number, selection: Selection) {
  return queryOptions({
    queryKey: ['selection-preview', clientId, selection],
    queryFn: ({ signal }) => api.post<SelectionPreview>(`/api/v1/clients/${clientId}/selection-preview`, selection, { signal }),
    staleTime: FRESH_MS,
    retry: false,
  })
}
