import type { EntryDetails, EntryKind, SnapshotEntry, SnapshotView } from '@holdfast/protocol'
import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { IconDownload, IconFolderOpen, IconHistory, IconRestore } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useSettled } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Waiting } from '../../ui/waiting.tsx'
import { browserMessages } from './browser-messages.ts'
import { fileLink } from './download-links.ts'
import { EntryIcon } from './entry-icon.tsx'
import { EntryPreview } from './entry-preview.tsx'
import classes from './folder.module.css'
import { entryQuery } from './queries.ts'
import { nameOf, readable } from './snapshot-path.ts'

/** Nobody looks at what the cursor runs over. */
const SETTLED_MS = 150

export interface EntryPaneProps {
  readonly snapshot: SnapshotView
  readonly entry: SnapshotEntry
  readonly onRestore: (entry: SnapshotEntry) => void
}

/** Everything that is known of one entry, with its preview and what can be done with it. */
export function EntryPane({ snapshot, entry, onRestore }: EntryPaneProps): ReactElement {
  const path = useSettled(entry.path, SETTLED_MS)
  const details = useQuery({ ...entryQuery(snapshot.id, path), enabled: path === entry.path })
  const { mayManage } = useRights()
  const known = details.data?.path === entry.path ? details.data : undefined
  return (
    <Stack gap="md">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <EntryIcon kind={entry.kind} name={entry.name} size={26} />
        <Title order={2} style={{ overflowWrap: 'anywhere', minWidth: 0 }}>
          <FileName>{nameOf(entry.path)}</FileName>
        </Title>
      </Group>
      <EntryActions snapshot={snapshot} entry={entry} onRestore={onRestore} />
      {details.isError ? <FailureNotice failure={details.error} retry={() => void details.refetch()} /> : null}
      {known !== undefined && entry.kind === 'file' && mayManage ? (
        <EntryPreview key={entry.path} snapshotId={snapshot.id} path={entry.path} sizeBytes={entry.sizeBytes ?? 0} />
      ) : null}
      {known === undefined ? null : <Facts details={known} />}
      {known === undefined && !details.isError ? <Waiting lines={6} height={14} /> : null}
    </Stack>
  )
}

function EntryActions({ snapshot, entry, onRestore }: EntryPaneProps): ReactElement {
  const text = useMessages(browserMessages)
  const { mayManage } = useRights()
  const versions = { path: entry.path, clientId: snapshot.clientId === null ? undefined : String(snapshot.clientId) }
  return (
    <Group gap="xs">
      {entry.kind === 'file' && mayManage ? (
        <Button
          size="xs"
          component="a"
          href={fileLink(snapshot.id, entry.path)}
          download
          leftSection={<IconDownload size={15} aria-hidden />}
        >
          {text.download}
        </Button>
      ) : null}
      {entry.kind === 'dir' ? (
        <Button
          size="xs"
          leftSection={<IconFolderOpen size={15} aria-hidden />}
          renderRoot={(props) => (
            <Link
              to="/snapshots/$snapshotId"
              params={{ snapshotId: String(snapshot.id) }}
              search={(now) => ({ ...now, path: entry.path, selected: undefined })}
              {...props}
            />
          )}
        >
          {text.openFolder}
        </Button>
      ) : null}
      {mayManage ? (
        <Button size="xs" variant="default" leftSection={<IconRestore size={15} aria-hidden />} onClick={() => onRestore(entry)}>
          {text.restore}
        </Button>
      ) : null}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconHistory size={15} aria-hidden />}
        renderRoot={(props) => <Link to="/files/versions" search={versions} {...props} />}
      >
        {text.versions}
      </Button>
    </Group>
  )
}

function Facts({ details }: { readonly details: EntryDetails }): ReactElement {
  const text = useMessages(browserMessages)
  const format = useFormat()
  const { kind, sizeBytes, modifiedAt, changedAt, mode, linkTarget, links, attributes } = details
  const facts: readonly (readonly [string, ReactNode] | undefined)[] = [
    [text.kind, text[KIND_NAMES[kind]]],
    sizeBytes === null ? undefined : [text.size, <Bytes key="size" value={sizeBytes} />],
    modifiedAt === null ? undefined : [text.modified, format.exact(modifiedAt)],
    changedAt === null ? undefined : [text.changed, format.exact(changedAt)],
    linkTarget === null ? undefined : [text.target, <FileName key="target">{linkTarget}</FileName>],
    [text.permissions, <code key="mode">{mode}</code>],
    [text.owner, <FileName key="owner">{ownerOf(details)}</FileName>],
    links === null || links < 2 ? undefined : [text.links, format.count(links)],
    attributes.length === 0 ? undefined : [text.attributes, <FileName key="attributes">{attributes.join(', ')}</FileName>],
    [text.path, <FileName key="path">{readable(details.path)}</FileName>],
  ]
  return (
    <dl className={classes.facts}>
      {facts.map((fact) => {
        if (fact === undefined) return null
        const [name, value] = fact
        return <Fact key={name} name={name} value={value} />
      })}
    </dl>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: ReactNode }): ReactElement {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}

const KIND_NAMES = {
  file: 'kindFile',
  dir: 'kindDir',
  symlink: 'kindSymlink',
  dev: 'kindDevice',
  chardev: 'kindDevice',
  fifo: 'kindFifo',
  socket: 'kindSocket',
  other: 'kindOther',
} as const satisfies Readonly<Record<EntryKind, string>>

function ownerOf({ user, group, userId, groupId }: EntryDetails): string {
  return `${user || userId}:${group || groupId}`
}

/** Stands where nothing is chosen. */
export function NoEntry(): ReactElement {
  const text = useMessages(browserMessages)
  return (
    <Stack gap="xs">
      <Title order={2}>{text.details}</Title>
      <Text size="sm" c="dimmed">
        {text.nothingChosen}
      </Text>
      <Text size="sm" c="dimmed">
        {text.keys}
      </Text>
    </Stack>
  )
}
