// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by themselves are no table; roles say what they are
// biome-ignore-all lint/a11y/useFocusableInteractive: the buttons and the box in the head have the focus
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { browserMessages } from './browser-messages.ts'
import classes from './folder.module.css'
import type { FolderOrder } from './queries.ts'
import type { FolderState } from './use-folder-state.ts'

export interface FolderHeadProps {
  readonly order: FolderOrder
  readonly isAllChosen: boolean
  readonly state: FolderState
  readonly onSort: (order: FolderOrder) => void
}

const COLUMNS = [
  { sort: 'name', label: 'name', className: classes.name },
  { sort: 'size', label: 'size', className: classes.size },
  { sort: 'time', label: 'modified', className: classes.time },
] as const

/** The head of a list of files: what it is sorted by, and a box for all of them. */
export function FolderHead({ order, isAllChosen, state, onSort }: FolderHeadProps): ReactElement {
  const text = useMessages(browserMessages)
  const isAscending = order.order === 'asc'
  const Arrow = isAscending ? IconArrowUp : IconArrowDown
  return (
    <div role="row" className={classes.head} aria-rowindex={1}>
      <span role="columnheader" className={classes.check} data-control>
        <input
          name="all"
          type="checkbox"
          aria-label={text.selectAll}
          checked={isAllChosen}
          onChange={() => (isAllChosen ? state.chooseNothing() : state.chooseAll())}
        />
      </span>
      {COLUMNS.map(({ sort, label, className }) => {
        const isSorted = order.sort === sort
        return (
          <span
            key={sort}
            role="columnheader"
            className={className}
            aria-sort={isSorted ? (isAscending ? 'ascending' : 'descending') : 'none'}
            data-control
          >
            <button
              type="button"
              className={classes.sort}
              onClick={() => onSort({ sort, order: isSorted && isAscending ? 'desc' : 'asc' })}
            >
              {text[label]}
              {isSorted ? <Arrow size={14} aria-hidden /> : null}
            </button>
          </span>
        )
      })}
    </div>
  )
}
