import type { SnapshotEntry } from '@holdfast/protocol'
import { useCallback, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { queryClient } from '../../app/query-client.ts'
import { showNotice } from '../../ui/notices.tsx'
import { browserMessages } from './browser-messages.ts'
import { entriesQuery, type FolderView } from './queries.ts'
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
  const text = useMessages(browserMessages)
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
  const toggle = (entry: SnapshotEntry, place: number): void => {
    moveTo(place)
    if (!now.selection.isAll) {
      change(({ selection }) => ({ selection: toggled(selection, entry, []) }))
      return
    }
    allEntries(view)
      .then((all) => {
        // What was unselected meanwhile as a whole does not come back.
        if (all !== undefined) change(({ selection }) => (selection === NOTHING ? {} : { selection: toggled(selection, entry, all) }))
        else showNotice({ tone: 'plain', title: text.allStays, message: text.allStaysMessage(CHOSEN_MAX) })
      })
      .catch((failure: unknown) =>
        showNotice({ tone: 'bad', title: text.notTakenOut, message: failure instanceof Error ? failure.message : '' }),
      )
  }
  return {
    cursor: now.cursor,
    selection: now.selection,
    moveTo,
    extendTo,
    toggle,
    chooseAll: () => change(() => ({ selection: EVERYTHING })),
    chooseNothing: () => change(() => ({ selection: NOTHING })),
  }
}

/** All entries of a folder; undefined where they are too many for all but one of them to be chosen one by one. */
async function allEntries(view: FolderView): Promise<readonly SnapshotEntry[] | undefined> {
  const { count } = await queryClient.ensureQueryData(entriesQuery(view, 0))
  return count > CHOSEN_MAX + 1 ? undefined : await entriesBetween(view, { first: 0, last: count - 1 }, count)
}
