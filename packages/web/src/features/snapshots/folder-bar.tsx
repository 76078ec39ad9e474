import { ActionIcon, Button, Menu, Text, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconArrowUp, IconChevronDown, IconDownload, IconRestore, IconX } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { browserMessages } from './browser-messages.ts'
import { type ArchiveFormat, archiveLink, downloadMany } from './download-links.ts'
import classes from './folder.module.css'
import { CHOSEN_MAX, chosenCount, chosenPaths, type Selection } from './selection.ts'

export interface FolderBarProps {
  readonly snapshotId: number
  readonly path: string
  readonly count: number
  readonly selection: Selection
  readonly onUp: () => void
  readonly onClear: () => void
  readonly onRestore: (paths: readonly string[]) => void
}

/** What is in the folder or chosen of it, and what can be done with that. */
export function FolderBar({ snapshotId, path, count, selection, onUp, onClear, onRestore }: FolderBarProps): ReactElement {
  const text = useMessages(browserMessages)
  const { mayManage } = useRights()
  const isNarrow = useMediaQuery('(max-width: 40em)', false, { getInitialValueInEffect: false })
  const chosen = chosenCount(selection, count)
  const paths = chosen === 0 ? [path] : chosenPaths(selection, { path, count })
  return (
    <div className={classes.bar}>
      <Tooltip label={text.up}>
        <ActionIcon variant="default" size="md" onClick={onUp} disabled={path === '/'} aria-label={text.up}>
          <IconArrowUp size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Text size="sm" c={chosen === 0 ? 'dimmed' : undefined} fw={chosen === 0 ? 400 : 600} role="status" className={classes.count}>
        {chosen === 0 ? text.entries(count) : text.selected(chosen)}
        {!selection.isAll && chosen >= CHOSEN_MAX ? ` · ${text.selectionFull}` : ''}
      </Text>
      {chosen === 0 ? null : (
        <Button size="xs" variant="subtle" leftSection={<IconX size={14} aria-hidden />} onClick={onClear}>
          {text.clearSelection}
        </Button>
      )}
      {mayManage && count > 0 ? (
        <>
          <DownloadMenu snapshotId={snapshotId} paths={paths} label={chosen === 0 && !isNarrow ? text.downloadFolder : text.download} />
          <Button size="xs" variant="default" leftSection={<IconRestore size={15} aria-hidden />} onClick={() => onRestore(paths)}>
            {chosen === 0 && !isNarrow ? text.restoreFolder : text.restore}
          </Button>
        </>
      ) : null}
    </div>
  )
}

interface DownloadMenuProps {
  readonly snapshotId: number
  readonly paths: readonly string[]
  readonly label: string
}

function DownloadMenu({ snapshotId, paths, label }: DownloadMenuProps): ReactElement {
  const text = useMessages(browserMessages)
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={15} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <DownloadItem snapshotId={snapshotId} paths={paths} format="zip" label={text.asZip} />
        <DownloadItem snapshotId={snapshotId} paths={paths} format="tar" label={text.asTar} />
      </Menu.Dropdown>
    </Menu>
  )
}

interface DownloadItemProps extends DownloadMenuProps {
  readonly format: ArchiveFormat
}

/** A link where it can be one; it is asked for by a form where there are many. */
function DownloadItem({ snapshotId, paths, format, label }: DownloadItemProps): ReactElement {
  const text = useMessages(browserMessages)
  const link = archiveLink(snapshotId, paths, format)
  if (link !== undefined) {
    return (
      <Menu.Item component="a" href={link} download>
        {label}
      </Menu.Item>
    )
  }
  const download = (): void => {
    downloadMany(snapshotId, paths, format).catch((failure: unknown) =>
      showNotice({ tone: 'bad', title: text.downloadFailed, message: failure instanceof Error ? failure.message : '' }),
    )
  }
  return <Menu.Item onClick={download}>{label}</Menu.Item>
}
