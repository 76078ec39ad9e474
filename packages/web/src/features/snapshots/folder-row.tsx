// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by themselves are no table; roles say what they are
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and tells the row by aria-activedescendant
import type { SnapshotEntry } from '@holdfast/protocol'
import { Link } from '@tanstack/react-router'
import { memo, type ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { browserMessages } from './browser-messages.ts'
import { EntryIcon } from './entry-icon.tsx'
import classes from './folder.module.css'
import { nameOf } from './snapshot-path.ts'

export interface FolderRowProps {
  readonly id: string
  readonly index: number
  readonly top: number
  readonly height: number
  /** Undefined while it is being fetched. */
  readonly entry: SnapshotEntry | undefined
  readonly snapshotId: number
  readonly isCursor: boolean
  readonly isChosen: boolean
}

/** One entry of a folder. What it does when it is clicked is told by `data-part` of what was clicked. */
export const FolderRow = memo(function FolderRow(props: FolderRowProps): ReactElement {
  const { id, index, top, height, entry, snapshotId, isCursor, isChosen } = props
  const text = useMessages(browserMessages)
  const format = useFormat()
  const row = {
    id,
    role: 'row',
    className: classes.row,
    style: { transform: `translateY(${top}px)`, height },
    'aria-rowindex': index + 2,
    'aria-selected': isChosen,
    'data-index': index,
    'data-cursor': isCursor || undefined,
  }
  if (entry === undefined) {
    return (
      <div {...row} aria-busy="true">
        <span role="gridcell" className={classes.check} />
        <span role="gridcell" className={classes.name}>
          <span className={classes.blank} style={{ width: `${30 + ((index * 37) % 45)}%` }} />
        </span>
        <span role="gridcell" className={classes.size} />
        <span role="gridcell" className={classes.time} />
      </div>
    )
  }
  const { name, path, kind, sizeBytes, modifiedAt } = entry
  return (
    <div {...row}>
      <span role="gridcell" className={classes.check} data-part="check">
        <input type="checkbox" name="selected" tabIndex={-1} readOnly checked={isChosen} aria-label={text.select(name)} />
      </span>
      <span role="gridcell" className={classes.name}>
        <EntryIcon kind={kind} name={name} />
        <span className={classes.nameText} title={name}>
          {kind === 'dir' ? (
            <Link
              to="/snapshots/$snapshotId"
              params={{ snapshotId: String(snapshotId) }}
              search={(now) => ({ ...now, path, selected: undefined })}
              tabIndex={-1}
              className={classes.link}
              data-part="open"
              preload={false}
            >
              <FileName>{nameOf(path)}</FileName>
            </Link>
          ) : (
            <FileName>{nameOf(path)}</FileName>
          )}
        </span>
      </span>
      <span role="gridcell" className={classes.size}>
        {sizeBytes === null ? null : <Bytes value={sizeBytes} />}
      </span>
      <span role="gridcell" className={classes.time}>
        {modifiedAt === null ? null : (
          <time dateTime={modifiedAt} title={format.exact(modifiedAt)}>
            {format.moment(modifiedAt)}
          </time>
        )}
      </span>
    </div>
  )
})
