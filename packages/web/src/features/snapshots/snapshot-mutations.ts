import type { SnapshotPage, SnapshotView } from '@holdfast/protocol'
import { type InfiniteData, type UseMutationResult, useMutation } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import { queryClient } from '../../app/query-client.ts'

/** Pins or unpins a snapshot: the pages show it at once, and take it back when the server refuses. */
export function usePin(onFailure: (failure: unknown) => void): UseMutationResult<SnapshotView, unknown, SnapshotView> {
  return useMutation({
    mutationFn: ({ id, isPinned }: SnapshotView) => api.patch<SnapshotView>(`/api/v1/snapshots/${id}`, { isPinned: !isPinned }),
    onMutate: async (snapshot) => {
      await queryClient.cancelQueries({ queryKey: ['snapshots'] })
      showEverywhere({ ...snapshot, isPinned: !snapshot.isPinned })
    },
    onError: (failure, snapshot) => {
      showEverywhere(snapshot)
      onFailure(failure)
    },
    onSettled: refreshSnapshots,
  })
}

/** Replaces the tags of a snapshot. */
export async function replaceTags(id: number, tags: readonly string[]): Promise<void> {
  showEverywhere(await api.put<SnapshotView>(`/api/v1/snapshots/${id}/tags`, { tags }))
  await refreshSnapshots()
}

/** Forgets a snapshot. Its data goes with the next prune. */
export async function forgetSnapshot(id: number): Promise<void> {
  await api.delete(`/api/v1/snapshots/${id}`)
  queryClient.setQueriesData<InfiniteData<SnapshotPage>>({ queryKey: ['snapshots', 'list'] }, (data) =>
    mapItems(data, (items) => items.filter((one) => one.id !== id)),
  )
  void refreshSnapshots()
}

async function refreshSnapshots(): Promise<void> {
  await Promise.all(['snapshots', 'files', 'clients', 'overview'].map((noun) => queryClient.invalidateQueries({ queryKey: [noun] })))
}

/** Puts a snapshot in all lists and pages that are shown. */
function showEverywhere(snapshot: SnapshotView): void {
  queryClient.setQueryData(['snapshots', snapshot.id], snapshot)
  queryClient.setQueriesData<InfiniteData<SnapshotPage>>({ queryKey: ['snapshots', 'list'] }, (data) =>
    mapItems(data, (items) => items.map((one) => (one.id === snapshot.id ? snapshot : one))),
  )
}

function mapItems(
  data: InfiniteData<SnapshotPage> | undefined,
  change: (items: readonly SnapshotView[]) => SnapshotView[],
): InfiniteData<SnapshotPage> | undefined {
  return data && { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) }
}
