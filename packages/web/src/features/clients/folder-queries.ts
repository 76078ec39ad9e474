import type { MachineFolder, Selection, SelectionPreview } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

const FRESH_MS = 60_000

/** A folder of a machine as its agent finds it; without a path, the folders that the machine begins with. */
export function machineFolderQuery(clientId: number, path: string | undefined) {
  return queryOptions({
    queryKey: ['clients', clientId, 'folders', path ?? null],
    queryFn: ({ signal }) =>
      api.get<MachineFolder>(`/api/v1/clients/${clientId}/folders`, { signal, ...(path === undefined ? {} : { query: { path } }) }),
    staleTime: FRESH_MS,
    // The server has waited for the agent long enough; whoever looks can ask again.
    retry: false,
  })
}

/** What a backup of a selection would take and leave out on a machine now. It takes the agent up to 20 seconds. */
export function selectionPreviewQuery(clientId: number, selection: Selection) {
  return queryOptions({
    queryKey: ['clients', clientId, 'selection-preview', selection],
    queryFn: ({ signal }) => api.post<SelectionPreview>(`/api/v1/clients/${clientId}/selection-preview`, selection, { signal }),
    staleTime: FRESH_MS,
    retry: false,
  })
}
