// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by themselves are no table; roles say what they are
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and tells the row by aria-activedescendant
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid takes the keys
import type { SnapshotEntry } from '@holdfast/protocol'
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactElement, type RefObject, useEffect, useId, useRef } from 'react'
import { useMessages } from '../../app/language.tsx'
import { browserMessages } from './browser-messages.ts'
import classes from './folder.module.css'
import { act, doubleClicked, isOtherControl, onRowClick } from './folder-actions.ts'
import { FolderHead } from './folder-head.tsx'
import { commandOf } from './folder-keys.ts'
import { FolderRow } from './folder-row.tsx'
import type { FolderOrder, FolderView } from './queries.ts'
import { chosenCount, isChosen } from './selection.ts'
import { useEntries } from './use-folder.ts'
import type { FolderState } from './use-folder-state.ts'
import { useKeptFocus } from './use-kept-focus.ts'
import { useTypeAhead } from './use-type-ahead.ts'

const HEAD_PX = 36
const ROW_PX = 36
/** A finger needs more. */
const TOUCH_ROW_PX = 44
const ROWS_AROUND = 24

export interface FolderListProps {
  readonly view: FolderView
  readonly count: number
  readonly state: FolderState
  readonly onSort: (order: FolderOrder) => void
  /** Told of the entry under the cursor whenever it is another one. */
  readonly onEntry: (entry: SnapshotEntry | undefined) => void
  readonly onOpen: (entry: SnapshotEntry) => void
  readonly onUp: () => void
}

/** The entries of a folder, however many: what is not seen is not on the page. Works by keyboard as a file manager does. */
export function FolderList({ view, count, state, onSort, onEntry, onOpen, onUp }: FolderListProps): ReactElement {
  const text = useMessages(browserMessages)
  const id = useId()
  const { frame, virtualizer, rowHeight } = useRows(view, count)
  const rows = virtualizer.getVirtualItems()
  const seen = { first: rows[0]?.index ?? 0, last: rows.at(-1)?.index ?? 0 }
  const entryAt = useEntries(view, seen, count)
  const { cursor, selection } = state
  const entry = cursor === undefined ? undefined : entryAt(cursor)
  useEffect(() => {
    onEntry(entry)
  }, [onEntry, entry])
  useEffect(() => {
    if (cursor !== undefined) virtualizer.scrollToIndex(cursor, { align: 'auto' })
  }, [cursor, virtualizer])
  const typeAhead = useTypeAhead(view, state.moveTo)
  const keptFocus = useKeptFocus(frame)
  const onKeyDown = (event: KeyboardEvent): void => {
    const pageRows = Math.max(1, Math.floor(((frame.current?.clientHeight ?? 0) - HEAD_PX) / rowHeight) - 1)
    const command = commandOf(event, { cursor, count, pageRows, isTyping: typeAhead.letters !== '' })
    if (command === undefined || isOtherControl(event.target)) return
    event.preventDefault()
    act(command, { entry, cursor, state, onOpen, onUp, type: typeAhead.type })
  }
  return (
    <div
      ref={frame}
      role="grid"
      tabIndex={0}
      className={classes.grid}
      aria-label={text.grid}
      aria-description={text.keys}
      aria-rowcount={count + 1}
      aria-colcount={4}
      aria-multiselectable="true"
      aria-activedescendant={entry === undefined ? undefined : `${id}-${cursor}`}
      onKeyDown={onKeyDown}
      {...keptFocus}
    >
      <FolderHead order={view} isAllChosen={count > 0 && chosenCount(selection, count) === count} state={state} onSort={onSort} />
      <div
        role="rowgroup"
        className={classes.rows}
        style={{ height: virtualizer.getTotalSize() }}
        onClick={(event) => onRowClick(event, { frame, entryAt, state, onOpen })}
        onDoubleClick={(event) => doubleClicked(event, entryAt, onOpen)}
      >
        {rows.map(({ index, start }) => {
          const rowEntry = entryAt(index)
          return (
            <FolderRow
              key={index}
              id={`${id}-${index}`}
              index={index}
              top={start - HEAD_PX}
              height={rowHeight}
              entry={rowEntry}
              snapshotId={view.snapshotId}
              isCursor={index === cursor}
              isChosen={rowEntry !== undefined && isChosen(selection, rowEntry.path)}
            />
          )
        })}
      </div>
      <TypedLetters letters={typeAhead.letters} isFound={typeAhead.isFound} />
    </div>
  )
}

interface Rows {
  readonly frame: RefObject<HTMLDivElement | null>
  readonly virtualizer: Virtualizer<HTMLDivElement, Element>
  readonly rowHeight: number
}

function useRows(view: FolderView, count: number): Rows {
  const frame = useRef<HTMLDivElement>(null)
  const isTouch = useMediaQuery('(max-width: 40em)', false, { getInitialValueInEffect: false })
  const rowHeight = isTouch ? TOUCH_ROW_PX : ROW_PX
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: ROWS_AROUND,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
  })
  const place = JSON.stringify(view)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another folder, or another order, begins at its top
  useEffect(() => {
    if (frame.current !== null) frame.current.scrollTop = 0
  }, [place])
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured anew
  useEffect(() => {
    virtualizer.measure()
  }, [rowHeight])
  return { frame, virtualizer, rowHeight }
}

function TypedLetters({ letters, isFound }: { readonly letters: string; readonly isFound: boolean | undefined }): ReactElement {
  const text = useMessages(browserMessages)
  return (
    <div role="row" aria-hidden={letters === ''} className={classes.typed} data-shown={letters !== '' || undefined}>
      <span role="gridcell" aria-live="polite">
        {isFound === false ? text.noMatch(letters) : letters}
      </span>
    </div>
  )
}
