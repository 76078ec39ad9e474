import { Checkbox, Text, Tooltip } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconFile, IconFolder, IconLink } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { MessageText } from '../../ui/message-text.tsx'
import { folderMessages } from './folder-messages.ts'
import type { EntryRow, TreeRow } from './folder-rows.ts'
import classes from './folder-tree.module.css'

const INDENT_PX = 20
/** Deeper folders are not moved further to the right: names need their room. */
const INDENTS_MAX = 8

/** What failures of the server mean here. */
const FAILURES: Readonly<Record<string, 'away' | 'refused' | 'gone'>> = {
  'client.not-connected': 'away',
  'client.refused': 'refused',
  'not-found': 'gone',
}

export interface FolderTreeRowProps {
  readonly row: TreeRow
  readonly place: { readonly id: string; readonly index: number; readonly top: number; readonly isActive: boolean }
}

/** One line of a {@link FolderTree}. The tree itself takes keys and clicks; `data-part` tells it what was clicked. */
export function FolderTreeRow({ row, place }: FolderTreeRowProps): ReactElement {
  const style = { top: place.top, paddingInlineStart: 8 + Math.min(row.level - 1, INDENTS_MAX) * INDENT_PX }
  const { id, index, isActive } = place
  const common = { id, style, className: classes.row, 'data-index': index, 'data-active': isActive || undefined }
  if (row.kind !== 'entry') {
    return (
      <div role="treeitem" tabIndex={-1} aria-level={row.level} aria-selected={false} {...common}>
        <RowNotice row={row} />
      </div>
    )
  }
  const { isFolder, isOpen, tick, level, position, siblings } = row
  return (
    <div
      role="treeitem"
      tabIndex={-1}
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-checked={tick === 'partly' ? 'mixed' : tick !== 'off'}
      {...(isFolder ? { 'aria-expanded': isOpen } : {})}
      {...common}
    >
      <EntryContent row={row} />
    </div>
  )
}

function EntryContent({ row }: { readonly row: EntryRow }): ReactElement {
  const text = useMessages(folderMessages)
  const { entry, isFolder, isOpen, tick } = row
  const { name, selectionPath, sizeBytes } = entry
  const why = tick === 'within' ? text.within : selectionPath === null ? text.unnameable : undefined
  const Chevron = isOpen ? IconChevronDown : IconChevronRight
  const Icon = isFolder ? IconFolder : entry.kind === 'symlink' ? IconLink : IconFile
  return (
    <>
      <span aria-hidden className={classes.chevron} data-part="open">
        {isFolder && <Chevron size={16} />}
      </span>
      <Tooltip label={why ?? ''} disabled={why === undefined}>
        <span aria-hidden className={classes.check} data-part="check">
          <Checkbox.Indicator
            checked={tick === 'on' || tick === 'within'}
            indeterminate={tick === 'partly'}
            disabled={why !== undefined}
            size="sm"
          />
        </span>
      </Tooltip>
      <span className={classes.name} data-part={isFolder ? 'open' : 'check'}>
        <Icon size={18} aria-hidden className={classes.icon} data-folder={isFolder || undefined} />
        <FileName>{name}</FileName>
      </span>
      {sizeBytes !== null && !isFolder && (
        <Text span size="sm" c="dimmed" className={classes.size ?? ''}>
          <Bytes value={sizeBytes} />
        </Text>
      )}
    </>
  )
}

function RowNotice({ row }: { readonly row: Exclude<TreeRow, EntryRow> }): ReactElement {
  const text = useMessages(folderMessages)
  if (row.kind !== 'failed') {
    return (
      <Text size="sm" c="dimmed" ps={28}>
        {text[row.kind]}
      </Text>
    )
  }
  const { code, detail } = row.failure instanceof ApiFailure ? row.failure.problem : { code: '', detail: '' }
  return (
    <>
      <Text size="sm" c="red" ps={28} truncate role="alert" title={detail}>
        {text[FAILURES[code] ?? 'failed']}{' '}
        <Text span inherit c="dimmed">
          <MessageText>{detail}</MessageText>
        </Text>
      </Text>
      <Text span size="sm" td="underline" data-part="retry" className={classes.retry ?? ''}>
        {text.tryAgain}
      </Text>
    </>
  )
}
