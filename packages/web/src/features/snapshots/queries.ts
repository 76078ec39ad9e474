import type {
  DiffPage,
  EntriesPage,
  EntryDetails,
  FileSearchPage,
  FileVersions,
  ForgetPlanView,
  Place,
  SnapshotPage,
  SnapshotView,
} from '@holdfast/protocol'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import type { SnapshotFilter } from './snapshot-filter.ts'

const LIST_PAGE = 100
const DIFF_PAGE = 200
const SEARCH_PAGE = 100
/** Entries of a folder that come together. */
export const ENTRIES_AT_ONCE = 500
/** What is in a snapshot never changes: it is fetched again only when it was thrown away. */
const UNCHANGING = { staleTime: Number.POSITIVE_INFINITY, gcTime: 120_000 } as const

/** In which order a folder is listed. Folders come first, whatever the order. */
export interface FolderOrder {
  readonly sort: 'name' | 'size' | 'time'
  readonly order: 'asc' | 'desc'
}

/** A folder of a snapshot, in an order. */
export interface FolderView extends FolderOrder {
  readonly snapshotId: number
  readonly path: string
}

/** Snapshots, newest first, page by page. */
export function snapshotListQuery(filter: SnapshotFilter, limit = LIST_PAGE) {
  return infiniteQueryOptions({
    queryKey: ['snapshots', 'list', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      api.get<SnapshotPage>('/api/v1/snapshots', { query: { ...filter, limit, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  })
}

/** One snapshot. */
export function snapshotQuery(id: number) {
  return queryOptions({
    queryKey: ['snapshots', id],
    queryFn: ({ signal }) => api.get<SnapshotView>(`/api/v1/snapshots/${id}`, { signal }),
  })
}

/** What would be lost with a snapshot; computed whenever it is asked for, and not whenever snapshots change: it is much work. */
export function forgetPlanQuery(id: number) {
  return queryOptions({
    queryKey: ['forget-plan', id],
    queryFn: ({ signal }) => api.get<ForgetPlanView>(`/api/v1/snapshots/${id}/forget-plan`, { signal }),
    staleTime: 0,
    gcTime: 0,
  })
}

/** Some entries of a folder, by their place in its order. */
export function entriesQuery({ snapshotId, ...query }: FolderView, page: number) {
  return queryOptions({
    ...UNCHANGING,
    queryKey: ['entries', snapshotId, query, page],
    queryFn: ({ signal }) =>
      api.get<EntriesPage>(`/api/v1/snapshots/${snapshotId}/entries`, {
        query: { ...query, offset: page * ENTRIES_AT_ONCE, limit: ENTRIES_AT_ONCE },
        signal,
      }),
  })
}

/** Where in the order of a folder an entry is: the one of that path, or the next whose name begins so. */
export function placeQuery(
  { snapshotId, ...query }: FolderView,
  wanted: { readonly entry: string } | { readonly prefix: string; readonly from: number },
) {
  return queryOptions({
    ...UNCHANGING,
    queryKey: ['entries', snapshotId, query, 'place', wanted],
    queryFn: ({ signal }) => api.get<Place>(`/api/v1/snapshots/${snapshotId}/place`, { query: { ...query, ...wanted }, signal }),
  })
}

/** Everything that a snapshot says of one entry. */
export function entryQuery(snapshotId: number, path: string) {
  return queryOptions({
    ...UNCHANGING,
    queryKey: ['entries', snapshotId, 'entry', path],
    queryFn: ({ signal }) => api.get<EntryDetails>(`/api/v1/snapshots/${snapshotId}/entry`, { query: { path }, signal }),
  })
}

/** What differs between two snapshots, page by page. */
export function diffQuery(
  ids: { readonly from: number; readonly to: number },
  query: { readonly path: string; readonly change: string | undefined },
) {
  return infiniteQueryOptions({
    ...UNCHANGING,
    queryKey: ['entries', ids.from, 'diff', ids.to, query],
    queryFn: ({ pageParam, signal }) =>
      api.get<DiffPage>(`/api/v1/snapshots/${ids.from}/diff/${ids.to}`, {
        query: { ...query, limit: DIFF_PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  })
}

/** Files by their names, in all snapshots. A request that is not wanted any more is given up. */
export function fileSearchQuery(query: string, clientId: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ['files', 'search', query, clientId],
    queryFn: ({ pageParam, signal }) =>
      api.get<FileSearchPage>('/api/v1/files', { query: { query, clientId, limit: SEARCH_PAGE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
}

/** All versions of one file of a client; of snapshots that no client made where there is none. */
export function fileVersionsQuery(path: string, clientId: string | undefined) {
  return queryOptions({
    queryKey: ['files', 'versions', path, clientId],
    queryFn: ({ signal }) => api.get<FileVersions>('/api/v1/files/versions', { query: { path, clientId }, signal }),
  })
}
