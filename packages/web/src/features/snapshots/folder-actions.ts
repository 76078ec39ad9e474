import type { SnapshotEntry } from '@holdfast/protocol'
import type { MouseEvent, RefObject } from 'react'
import type { FolderCommand } from './folder-keys.ts'
import type { FolderState } from './use-folder-state.ts'

/** What commands of the keyboard act on. */
export interface ActContext {
  /** Under the cursor. */
  readonly entry: SnapshotEntry | undefined
  readonly cursor: number | undefined
  readonly state: FolderState
  onOpen(entry: SnapshotEntry): void
  onUp(): void
  type(letter: string, cursor: number | undefined): void
}

/** Does what a key stands for. */
export function act(command: FolderCommand, { entry, cursor, state, onOpen, onUp, type }: ActContext): void {
  switch (command.kind) {
    case 'move':
      if (command.extends) state.extendTo(command.to)
      else state.moveTo(command.to)
      break
    case 'open':
      if (entry !== undefined) onOpen(entry)
      break
    case 'up':
      onUp()
      break
    case 'toggle':
      if (entry !== undefined && cursor !== undefined) state.toggle(entry, cursor)
      break
    case 'all':
      state.chooseAll()
      break
    case 'none':
      state.chooseNothing()
      break
    case 'letter':
      type(command.letter, cursor)
      break
    default:
      command satisfies never
  }
}

/** Whether a key belongs to a box or a button of the head. */
export function isOtherControl(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.closest('[data-control]') !== null
}

/** What clicks act on. */
export interface ClickContext {
  readonly frame: RefObject<HTMLDivElement | null>
  readonly entryAt: (place: number) => SnapshotEntry | undefined
  readonly state: FolderState
  readonly onOpen: (entry: SnapshotEntry) => void
}

/** A click moves the cursor there; with keys held down, or on the box, it chooses. Links in rows work by themselves. */
export function onRowClick(event: MouseEvent<HTMLElement>, { frame, entryAt, state, onOpen }: ClickContext): void {
  const { place, part } = whereOf(event.target)
  const entry = place === undefined ? undefined : entryAt(place)
  if (place === undefined || entry === undefined || part === 'open') return
  frame.current?.focus({ preventScroll: true })
  if (event.shiftKey) state.extendTo(place)
  else if (part === 'check' || event.ctrlKey || event.metaKey) state.toggle(entry, place)
  else {
    state.moveTo(place)
    if (entry.kind !== 'dir') onOpen(entry)
  }
}

/** A double click opens a folder. */
export function doubleClicked(event: MouseEvent<HTMLElement>, entryAt: ClickContext['entryAt'], onOpen: ClickContext['onOpen']): void {
  const { place, part } = whereOf(event.target)
  const entry = place === undefined ? undefined : entryAt(place)
  if (entry?.kind === 'dir' && part === undefined) onOpen(entry)
}

function whereOf(target: EventTarget): { readonly place: number | undefined; readonly part: string | undefined } {
  if (!(target instanceof Element)) return { place: undefined, part: undefined }
  const place = target.closest<HTMLElement>('[data-index]')?.dataset.index
  return { place: place === undefined ? undefined : Number(place), part: target.closest<HTMLElement>('[data-part]')?.dataset.part }
}
