import { Box, Text } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, type ReactElement, useId, useRef, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { folderMessages } from './folder-messages.ts'
import { type EntryRow, type TreeRow, toggled } from './folder-rows.ts'
import classes from './folder-tree.module.css'
import { FolderTreeRow } from './folder-tree-row.tsx'
import { type FolderTreeModel, useFolderTree } from './use-folder-tree.ts'

const ROW_HEIGHT_PX = 34
const ROWS_AROUND = 12

export interface FolderTreeProps {
  readonly clientId: number
  /** Paths as the selection of a plan has them. */
  readonly selected: readonly string[]
  onChange(selected: readonly string[]): void
  /** Of what the tree is, for those who cannot see it; "Folders of the machine" when it is not given. */
  readonly label?: string
  readonly maxHeightPx?: number
  /** Whether what is selected cannot be taken, as is said beside the tree. */
  readonly isInvalid?: boolean
}

/**
 * The files of a machine as a tree with check boxes; each folder is asked of the machine's agent when it is opened. With the keyboard:
 * arrows, Home and End move, right opens, left closes, the space bar selects.
 */
export function FolderTree({ clientId, selected, onChange, label, maxHeightPx = 420, isInvalid = false }: FolderTreeProps): ReactElement {
  const text = useMessages(folderMessages)
  const model = useFolderTree(clientId, selected)
  const [activeKey, setActiveKey] = useState<string>()
  const box = useRef<HTMLDivElement>(null)
  const id = useId()
  const { rows } = model
  const found = rows.findIndex(({ key }) => key === activeKey)
  const activeIndex = Math.max(0, found)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: ROWS_AROUND,
    getItemKey: (index) => rows[index]?.key ?? index,
  })
  const select = (row: EntryRow): void => {
    const { selectionPath } = row.entry
    if (selectionPath !== null && row.tick !== 'within') onChange(toggled(selected, selectionPath))
  }
  const moveTo = (index: number): void => {
    setActiveKey(rows[index]?.key)
    virtualizer.scrollToIndex(index)
  }
  const onClick = (event: MouseEvent<HTMLElement>): void => {
    const { part, index } = clickedOn(event.target)
    box.current?.focus({ preventScroll: true })
    const row = rows[index]
    if (row === undefined) return
    setActiveKey(row.key)
    if (row.kind === 'failed' && part === 'retry') model.retry(row.path)
    if (row.kind !== 'entry') return
    if (part === 'check') select(row)
    else if (part === 'open' && row.isFolder) model.toggleOpen(row.entry.path)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    if (actOnKey(event.key, { rows, activeIndex, moveTo, select, model })) event.preventDefault()
  }
  return (
    <Box className={classes.frame}>
      <div
        ref={box}
        role="tree"
        aria-label={label ?? text.tree}
        aria-multiselectable="true"
        aria-invalid={isInvalid || undefined}
        aria-describedby={`${id}-hint`}
        aria-activedescendant={`${id}-${activeIndex}`}
        tabIndex={0}
        className={classes.tree}
        style={{ maxHeight: maxHeightPx }}
        onClick={onClick}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index]
            if (row === undefined) return null
            const place = { id: `${id}-${index}`, index, top: start, isActive: index === activeIndex }
            return <FolderTreeRow key={key} row={row} place={place} />
          })}
        </div>
      </div>
      <Text id={`${id}-hint`} size="sm" c="dimmed" px="sm" py={6} className={classes.hint}>
        {text.selected(selected.length)} · {text.hint}
      </Text>
    </Box>
  )
}

/** Which part of which line is under the pointer. */
function clickedOn(target: EventTarget): { readonly part: string | undefined; readonly index: number } {
  if (!(target instanceof Element)) return { part: undefined, index: -1 }
  const line = target.closest<HTMLElement>('[role=treeitem]')
  return { part: target.closest<HTMLElement>('[data-part]')?.dataset.part, index: Number(line?.dataset.index ?? -1) }
}

interface KeyContext {
  readonly rows: readonly TreeRow[]
  readonly activeIndex: number
  readonly model: FolderTreeModel
  moveTo(index: number): void
  select(row: EntryRow): void
}

/** Does what a key stands for in a tree; gives whether it stands for anything. */
function actOnKey(key: string, { rows, activeIndex, model, moveTo, select }: KeyContext): boolean {
  const row = rows[activeIndex]
  const entry = row?.kind === 'entry' ? row : undefined
  switch (key) {
    case 'ArrowDown':
      moveTo(Math.min(activeIndex + 1, rows.length - 1))
      return true
    case 'ArrowUp':
      moveTo(Math.max(activeIndex - 1, 0))
      return true
    case 'Home':
      moveTo(0)
      return true
    case 'End':
      moveTo(rows.length - 1)
      return true
    case 'ArrowRight':
      if (entry?.isFolder === true && !entry.isOpen) model.toggleOpen(entry.entry.path)
      else if (entry?.isOpen === true) moveTo(activeIndex + 1)
      return true
    case 'ArrowLeft':
      if (entry?.isOpen === true) model.toggleOpen(entry.entry.path)
      else
        moveTo(
          Math.max(
            0,
            rows.findIndex((one) => one.key === entry?.parent),
          ),
        )
      return true
    case ' ':
      if (entry !== undefined) select(entry)
      else if (row?.kind === 'failed') model.retry(row.path)
      return true
    case 'Enter':
      if (entry?.isFolder === true) model.toggleOpen(entry.entry.path)
      else if (entry !== undefined) select(entry)
      else if (row?.kind === 'failed') model.retry(row.path)
      return true
    default:
      return false
  }
}
