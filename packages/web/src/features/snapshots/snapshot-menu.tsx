import type { SnapshotView } from '@holdfast/protocol'
import { ActionIcon, Menu, Text } from '@mantine/core'
import {
  IconDotsVertical,
  IconDownload,
  IconFolderOpen,
  IconPin,
  IconPinnedOff,
  IconRestore,
  IconTag,
  IconTrash,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { laterDialog } from '../../ui/later-dialog.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { RestoreDialog } from '../restores/later-restore-dialog.ts'
import { archiveLink } from './download-links.ts'
import { snapshotMessages } from './messages.ts'
import { usePin } from './snapshot-mutations.ts'
import classes from './timeline.module.css'

const ForgetDialog = laterDialog(async () => (await import('./forget-dialog.tsx')).ForgetDialog)
const TagsDialog = laterDialog(async () => (await import('./tags-dialog.tsx')).TagsDialog)

const ICON = { size: 16, 'aria-hidden': true } as const

export interface SnapshotMenuProps {
  readonly snapshot: SnapshotView
  /** When it was made, as the page around says it. */
  readonly moment: string
  readonly onForgotten?: () => void
  /** On the page of the snapshot itself nothing leads to it. */
  readonly isOnItsPage?: boolean
}

/** Everything that can be done with a snapshot as a whole. */
export function SnapshotMenu({ snapshot, moment, onForgotten, isOnItsPage = false }: SnapshotMenuProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const { mayManage } = useRights()
  const [dialog, setDialog] = useState<'tags' | 'forget' | 'restore'>()
  const close = (): void => setDialog(undefined)
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant={isOnItsPage ? 'default' : 'subtle'}
            color="gray"
            size={isOnItsPage ? 36 : 'lg'}
            aria-label={text.actions(moment)}
          >
            <IconDotsVertical size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {isOnItsPage ? null : (
            <Menu.Item
              leftSection={<IconFolderOpen {...ICON} />}
              renderRoot={(props) => <Link to="/snapshots/$snapshotId" params={{ snapshotId: String(snapshot.id) }} {...props} />}
            >
              {text.browse}
            </Menu.Item>
          )}
          {mayManage ? <ManageItems snapshot={snapshot} onChoose={setDialog} /> : null}
        </Menu.Dropdown>
      </Menu>
      {dialog === 'tags' ? <TagsDialog snapshot={snapshot} onClose={close} /> : null}
      {dialog === 'forget' ? <ForgetDialog snapshot={snapshot} onClose={close} {...(onForgotten && { onForgotten })} /> : null}
      {dialog === 'restore' ? <RestoreDialog snapshot={snapshot} paths={[]} onClose={close} /> : null}
    </>
  )
}

interface ManageItemsProps {
  readonly snapshot: SnapshotView
  readonly onChoose: (dialog: 'tags' | 'forget' | 'restore') => void
}

function ManageItems({ snapshot, onChoose }: ManageItemsProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const pin = usePin((failure) =>
    showNotice({ title: text.pinFailed, message: failure instanceof Error ? failure.message : undefined, tone: 'bad' }),
  )
  const PinIcon = snapshot.isPinned ? IconPinnedOff : IconPin
  return (
    <>
      <Menu.Item leftSection={<IconRestore {...ICON} />} onClick={() => onChoose('restore')}>
        {text.restore}
      </Menu.Item>
      <Menu.Item leftSection={<IconDownload {...ICON} />} component="a" href={archiveLink(snapshot.id, ['/'], 'zip')} download>
        {text.download}
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item leftSection={<PinIcon {...ICON} />} onClick={() => pin.mutate(snapshot)}>
        {snapshot.isPinned ? text.unpin : text.pin}
      </Menu.Item>
      <Menu.Item leftSection={<IconTag {...ICON} />} onClick={() => onChoose('tags')}>
        {text.editTags}
      </Menu.Item>
      <ForgetItem isPinned={snapshot.isPinned} onChoose={() => onChoose('forget')} />
    </>
  )
}

/** While it cannot be chosen it can still be reached by keyboard, and says why. */
function ForgetItem({ isPinned, onChoose }: { readonly isPinned: boolean; readonly onChoose: () => void }): ReactElement {
  const text = useMessages(snapshotMessages)
  const icon = <IconTrash {...ICON} />
  if (!isPinned) {
    return (
      <Menu.Item leftSection={icon} c="var(--mantine-color-error)" onClick={onChoose}>
        {text.forget}
      </Menu.Item>
    )
  }
  return (
    <Menu.Item leftSection={icon} className={classes.refused ?? ''} aria-disabled closeMenuOnClick={false}>
      {text.forget}
      <Text size="sm" component="span" display="block">
        {text.forgetPinned}
      </Text>
    </Menu.Item>
  )
}
