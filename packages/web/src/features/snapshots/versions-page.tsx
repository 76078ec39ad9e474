import type { FileVersion, FileVersions } from '@holdfast/protocol'
import { Anchor, Badge, Button, Group, Text } from '@mantine/core'
import { IconDownload, IconFolderOpen, IconHistory, IconRestore } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { RestoreDialog } from '../restores/later-restore-dialog.ts'
import { archiveLink, fileLink } from './download-links.ts'
import { fileVersionsQuery, snapshotQuery } from './queries.ts'
import classes from './search.module.css'
import { searchMessages } from './search-messages.ts'
import { nameOf, parentOf, readable } from './snapshot-path.ts'

/** All versions of one file, newest first. */
export function VersionsPage(): ReactElement {
  const text = useMessages(searchMessages)
  const { path = '/', clientId }: { readonly path?: string; readonly clientId?: string } = useSearch({ strict: false })
  const versions = useQuery(fileVersionsQuery(path, clientId))
  const isMissing = versions.error instanceof ApiFailure && versions.error.status === 404
  return (
    <Page
      title={text.versionsTitle}
      description={<FileName>{readable(path)}</FileName>}
      breadcrumbs={[{ label: text.snapshots, to: '/snapshots' }]}
    >
      {versions.isPending ? <Waiting lines={6} height={36} /> : null}
      {isMissing ? (
        <EmptyState icon={<IconHistory size={26} />} title={nameOf(path)}>
          {text.versionsNone}
        </EmptyState>
      ) : null}
      {versions.isError && !isMissing ? <FailureNotice failure={versions.error} retry={() => void versions.refetch()} /> : null}
      {versions.data === undefined ? null : <VersionList file={versions.data} />}
    </Page>
  )
}

function VersionList({ file }: { readonly file: FileVersions }): ReactElement {
  const text = useMessages(searchMessages)
  const [restored, setRestored] = useState<FileVersion>()
  return (
    <div className={classes.card}>
      <ul className={classes.versions} aria-label={text.versionsOf}>
        <li className={`${classes.version} ${classes.versionsHead}`} aria-hidden>
          <span>{text.versionModified}</span>
          <span className={classes.size}>{text.versionSize}</span>
        </li>
        {file.items.map((version, index) => (
          <Version
            key={`${version.last.id} ${version.modifiedAt} ${version.sizeBytes} ${version.kind}`}
            file={file}
            version={version}
            isNewest={index === 0}
            onRestore={() => setRestored(version)}
          />
        ))}
      </ul>
      {restored === undefined ? null : <RestoreVersion file={file} version={restored} onClose={() => setRestored(undefined)} />}
    </div>
  )
}

interface VersionProps {
  readonly file: FileVersions
  readonly version: FileVersion
  readonly isNewest: boolean
  readonly onRestore: () => void
}

function Version({ file, version, isNewest, onRestore }: VersionProps): ReactElement {
  const text = useMessages(searchMessages)
  const format = useFormat()
  const { modifiedAt, sizeBytes, first, last, snapshotCount } = version
  const held =
    snapshotCount === 1
      ? text.inOne(format.second(last.time))
      : text.inMany(snapshotCount, format.second(first.time), format.second(last.time))
  return (
    <li className={classes.version}>
      <div>
        <Group gap="xs">
          <Text fw={600} component="span" title={modifiedAt === null ? undefined : format.exact(modifiedAt)}>
            {modifiedAt === null ? text.unknown : format.second(modifiedAt)}
          </Text>
          {isNewest ? (
            <Badge variant="default" tt="none">
              {text.newestVersion}
            </Badge>
          ) : null}
        </Group>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link
              to="/snapshots/$snapshotId"
              params={{ snapshotId: String(last.id) }}
              search={{ path: parentOf(file.path), selected: file.path }}
              {...props}
            />
          )}
        >
          {held}
        </Anchor>
      </div>
      <div className={classes.size}>
        <Bytes value={sizeBytes} />
      </div>
      <VersionActions file={file} version={version} onRestore={onRestore} />
    </li>
  )
}

function VersionActions({ file, version, onRestore }: Omit<VersionProps, 'isNewest'>): ReactElement {
  const text = useMessages(searchMessages)
  const { mayManage } = useRights()
  const { last, kind } = version
  const link = kind === 'file' ? fileLink(last.id, file.path) : archiveLink(last.id, [file.path], 'zip')
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        leftSection={<IconFolderOpen size={15} aria-hidden />}
        renderRoot={(props) => (
          <Link
            to="/snapshots/$snapshotId"
            params={{ snapshotId: String(last.id) }}
            search={{ path: parentOf(file.path), selected: file.path }}
            {...props}
          />
        )}
      >
        {text.openInSnapshot}
      </Button>
      {mayManage ? (
        <>
          <Button size="xs" variant="default" component="a" href={link} download leftSection={<IconDownload size={15} aria-hidden />}>
            {text.downloadVersion}
          </Button>
          <Button size="xs" variant="default" leftSection={<IconRestore size={15} aria-hidden />} onClick={onRestore}>
            {text.restoreVersion}
          </Button>
        </>
      ) : null}
    </Group>
  )
}

interface RestoreVersionProps {
  readonly file: FileVersions
  readonly version: FileVersion
  readonly onClose: () => void
}

function RestoreVersion({ file, version, onClose }: RestoreVersionProps): ReactElement | null {
  const snapshot = useQuery(snapshotQuery(version.last.id))
  if (snapshot.isError) return <FailureNotice failure={snapshot.error} retry={() => void snapshot.refetch()} />
  if (snapshot.data === undefined) return null
  return (
    <RestoreDialog
      snapshot={snapshot.data}
      paths={[{ path: file.path, name: file.name, isFile: version.kind === 'file' }]}
      onClose={onClose}
    />
  )
}
