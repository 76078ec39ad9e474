import type { SnapshotEntry } from '@holdfast/protocol'

/** What is chosen in one folder. */
export interface Selection {
  /** Everything in the folder, though not all of it may have been fetched; `chosen` is then empty. */
  readonly isAll: boolean
  /** By path. */
  readonly chosen: ReadonlyMap<string, SnapshotEntry>
}

/** So many entries are chosen one by one at most: the server takes no more paths for one restore. */
export const CHOSEN_MAX = 1000

/** Where everything begins. */
export const NOTHING: Selection = { isAll: false, chosen: new Map() }
/** All of a folder, however much that is. */
export const EVERYTHING: Selection = { isAll: true, chosen: new Map() }

/** Whether an entry is chosen, by itself or with all others. */
export function isChosen({ isAll, chosen }: Selection, path: string): boolean {
  return isAll || chosen.has(path)
}

/** How many of a folder's `count` entries are chosen. */
export function chosenCount({ isAll, chosen }: Selection, count: number): number {
  return isAll ? count : chosen.size
}

/**
 * With one entry more or less. Everything loses one where `all`, the folder's entries, are known and the rest can be chosen one by one;
 * otherwise it stays everything.
 */
export function toggled({ isAll, chosen }: Selection, entry: SnapshotEntry, all: readonly SnapshotEntry[] = []): Selection {
  if (isAll) {
    const rest = all.filter(({ path }) => path !== entry.path)
    if (rest.length === all.length || rest.length > CHOSEN_MAX) return EVERYTHING
    return withEntries(NOTHING, rest)
  }
  const next = new Map(chosen)
  if (!next.delete(entry.path) && next.size < CHOSEN_MAX) next.set(entry.path, entry)
  return { isAll: false, chosen: next }
}

/** With more entries, as many as may be chosen. */
export function withEntries({ isAll, chosen }: Selection, entries: readonly SnapshotEntry[]): Selection {
  if (isAll) return EVERYTHING
  const next = new Map(chosen)
  for (const entry of entries) if (next.size < CHOSEN_MAX || next.has(entry.path)) next.set(entry.path, entry)
  return { isAll: false, chosen: next }
}

/** What stands for the selection when it is downloaded or restored: where everything in a folder is chosen, the folder. */
export function chosenPaths(selection: Selection, folder: { readonly path: string; readonly count: number }): readonly string[] {
  if (selection.isAll || selection.chosen.size === folder.count) return [folder.path]
  return [...selection.chosen.keys()]
}
