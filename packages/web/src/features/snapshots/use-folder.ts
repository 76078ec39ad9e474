import type { SnapshotEntry } from '@holdfast/protocol'
import { useQueries } from '@tanstack/react-query'
import { queryClient } from '../../app/query-client.ts'
import { type PlaceRange, pagesAround } from './folder-pages.ts'
import { ENTRIES_AT_ONCE, entriesQuery, type FolderView } from './queries.ts'

/** Entries beyond what is seen that are fetched ahead: some seconds of fast scrolling. */
const AHEAD = 1000

/** The entry at a place of a folder's order; undefined while it is not here. */
export type EntryAt = (place: number) => SnapshotEntry | undefined

/** The entries of a folder around the places that are seen, as they come. */
export function useEntries(view: FolderView, seen: PlaceRange, count: number): EntryAt {
  const pages = pagesAround(seen, { count, pageSize: ENTRIES_AT_ONCE, ahead: AHEAD })
  const results = useQueries({ queries: pages.map((page) => entriesQuery(view, page)) })
  const found = new Map(pages.map((page, index) => [page, results[index]?.data]))
  return (place) => found.get(Math.floor(place / ENTRIES_AT_ONCE))?.items[place % ENTRIES_AT_ONCE]
}

/** The entries between two places, fetched as far as they are not here; `limit` at most. */
export async function entriesBetween(view: FolderView, range: PlaceRange, limit: number): Promise<readonly SnapshotEntry[]> {
  const last = Math.min(range.last, range.first + limit - 1)
  const pages = pagesAround({ first: range.first, last }, { count: last + 1, pageSize: ENTRIES_AT_ONCE, ahead: 0 })
  const found = await Promise.all(pages.toSorted((a, b) => a - b).map((page) => queryClient.ensureQueryData(entriesQuery(view, page))))
  const before = Math.floor(range.first / ENTRIES_AT_ONCE) * ENTRIES_AT_ONCE
  return found.flatMap(({ items }) => items).slice(range.first - before, last - before + 1)
}
