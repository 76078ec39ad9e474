import type { SnapshotEntry } from '@holdfast/protocol'
import { useCallback, useState } from 'react'
import type { FolderView } from './queries.ts'
import { CHOSEN_MAX, EVERYTHING, NOTHING, type Selection, toggled, withEntries } from './selection.ts'
import { entriesBetween } from './use-folder.ts'

/** Where somebody is in a folder, and what is chosen there. */
export interface FolderState {
  readonly cursor: number | undefined
  readonly selection: Selection
  moveTo(place: number): void
  /** Moves, and chooses everything from where the moving began. */
  extendTo(place: number): void
  toggle(entry: SnapshotEntry, place: number): void
  chooseAll(): void
  chooseNothing(): void
}

interface Kept {
  readonly key: string
  readonly cursor: number | undefined
  /** Where a range begins. */
  readonly anchor: number | undefined
  readonly selection: Selection
}

/** The state of a folder; it begins anew in every other folder, and in another order. */
export function useFolderState(view: FolderView): FolderState {
  const key = JSON.stringify(view)
  const fresh: Kept = { key, cursor: undefined, anchor: undefined, selection: NOTHING }
  const [kept, setKept] = useState(fresh)
  const now = kept.key === key ? kept : fresh
  if (kept.key !== key) setKept(fresh)
  const change = useCallback(
    (changes: (before: Kept) => Partial<Kept>) => setKept((before) => (before.key === key ? { ...before, ...changes(before) } : before)),
    [key],
  )
  const moveTo = useCallback((place: number) => change(() => ({ cursor: place, anchor: place })), [change])
  const extendTo = useCallback(
    (place: number) => {
      const anchor = now.anchor ?? now.cursor ?? place
      change(() => ({ cursor: place, anchor }))
      const range = { first: Math.min(anchor, place), last: Math.max(anchor, place) }
      const choose = (entries: readonly SnapshotEntry[]): void => change(() => ({ selection: withEntries(NOTHING, entries) }))
      // What cannot be fetched is seen not to be chosen.
      entriesBetween(view, range, CHOSEN_MAX)
        .then(choose)
        .catch(() => undefined)
    },
    [change, now.anchor, now.cursor, view],
  )
  return {
    cursor: now.cursor,
    selection: now.selection,
    moveTo,
    extendTo,
    toggle: (entry, place) => change(({ selection }) => ({ cursor: place, anchor: place, selection: toggled(selection, entry) })),
    chooseAll: () => change(() => ({ selection: EVERYTHING })),
    chooseNothing: () => change(() => ({ selection: NOTHING })),
  }
}
