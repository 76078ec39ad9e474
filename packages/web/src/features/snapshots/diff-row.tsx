import type { SnapshotChange } from '@holdfast/protocol'
import { Text } from '@mantine/core'
import { IconAdjustments, IconFolder, IconPencil, IconPlus, IconSwitchHorizontal, IconTrash, type TablerIcon } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import classes from './diff.module.css'
import { diffMessages } from './diff-messages.ts'
import { type ChangeKind, type DiffRow, grownBytes } from './diff-rows.ts'
import { EntryIcon } from './entry-icon.tsx'
import { nameOf, parentOf, readable } from './snapshot-path.ts'

const SIGNS: Readonly<Record<ChangeKind, { readonly color: string; readonly Icon: TablerIcon }>> = {
  added: { color: 'kelp', Icon: IconPlus },
  removed: { color: 'red', Icon: IconTrash },
  modified: { color: 'blue', Icon: IconPencil },
  metadata: { color: 'gray', Icon: IconAdjustments },
  type: { color: 'orange', Icon: IconSwitchHorizontal },
}

export interface DiffRowProps {
  readonly row: DiffRow
  /** The two snapshots. */
  readonly ids: { readonly from: number; readonly to: number }
}

/** One line of a comparison. Names lead to where the thing is: to the newer snapshot, or to the older one if it is gone. */
export function DiffLine({ row, ids }: DiffRowProps): ReactElement {
  return row.kind === 'folder' ? <FolderLine path={row.path} /> : <ChangeLine change={row.change} ids={ids} />
}

function FolderLine({ path }: { readonly path: string }): ReactElement {
  const text = useMessages(diffMessages)
  return (
    <div className={classes.folder}>
      <IconFolder size={16} aria-hidden />
      <FileName>{path === '/' ? text.root : readable(path)}</FileName>
    </div>
  )
}

function ChangeLine({ change, ids }: { readonly change: SnapshotChange; readonly ids: DiffRowProps['ids'] }): ReactElement {
  const text = useMessages(diffMessages)
  const { name, kind, path, change: what } = change
  const isGone = what === 'removed'
  const isWholeFolder = kind === 'dir' && (what === 'added' || isGone)
  return (
    <div className={classes.change}>
      <ChangeBadge kind={what} />
      <span className={classes.name}>
        <EntryIcon kind={kind} name={name} size={16} />
        <Link
          to="/snapshots/$snapshotId"
          params={{ snapshotId: String(isGone ? ids.from : ids.to) }}
          search={{ path: parentOf(path), selected: path }}
          aria-label={isGone ? text.openBefore(name) : text.openAfter(name)}
          className={classes.link}
        >
          <FileName>{nameOf(path)}</FileName>
        </Link>
        {isWholeFolder ? (
          <Text size="sm" c="dimmed" span>
            {text.wholeFolder}
          </Text>
        ) : null}
      </span>
      <Sizes change={change} />
    </div>
  )
}

function Sizes({ change }: { readonly change: SnapshotChange }): ReactElement {
  const text = useMessages(diffMessages)
  const format = useFormat()
  const { sizeBefore, sizeAfter } = change
  const grown = grownBytes(change)
  if (grown === undefined) return <span />
  const isBoth = sizeBefore !== null && sizeAfter !== null
  return (
    <span className={classes.sizes}>
      {isBoth && grown !== 0 ? (
        <Text size="sm" c="dimmed" span className={classes.was ?? ''}>
          {text.from(format.bytes(sizeBefore))}
        </Text>
      ) : null}
      <Bytes value={sizeAfter ?? sizeBefore} />
      <span className={classes.grown} data-sign={Math.sign(grown)}>
        {grown === 0 ? '±0' : `${grown > 0 ? '+' : '−'}${format.bytes(Math.abs(grown))}`}
      </span>
    </span>
  )
}

function ChangeBadge({ kind }: { readonly kind: ChangeKind }): ReactElement {
  const text = useMessages(diffMessages)
  const { color, Icon } = SIGNS[kind]
  return <StateBadge color={color} label={text[kind]} icon={<Icon size={13} aria-hidden />} />
}
