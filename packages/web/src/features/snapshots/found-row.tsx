import type { FoundFile } from '@holdfast/protocol'
import { ActionIcon, Anchor, Text, Title, Tooltip } from '@mantine/core'
import { IconDeviceDesktop, IconDownload, IconHistory } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { Bytes, Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { archiveLink, fileLink } from './download-links.ts'
import { EntryIcon } from './entry-icon.tsx'
import type { FoundRow } from './found-groups.ts'
import classes from './search.module.css'
import { searchMessages } from './search-messages.ts'
import { nameOf, parentOf, readable } from './snapshot-path.ts'

/** One line of what was found. */
export function FoundLine({ row }: { readonly row: FoundRow }): ReactElement {
  const text = useMessages(searchMessages)
  if (row.kind === 'file') return <FileLine file={row.file} />
  return (
    <div className={classes.client}>
      <IconDeviceDesktop size={18} aria-hidden />
      <Title order={2}>
        <FileName>{row.name ?? text.noClient}</FileName>
      </Title>
    </div>
  )
}

function FileLine({ file }: { readonly file: FoundFile }): ReactElement {
  const text = useMessages(searchMessages)
  const { name, path, kind, versionCount, sizeBytes, newestSnapshot } = file
  return (
    <div className={classes.file}>
      <EntryIcon kind={kind} name={name} />
      <div className={classes.what}>
        <Anchor
          fw={600}
          size="sm"
          className={classes.name ?? ''}
          renderRoot={(props) => (
            <Link
              to="/snapshots/$snapshotId"
              params={{ snapshotId: String(newestSnapshot.id) }}
              search={{ path: parentOf(path), selected: path }}
              {...props}
            />
          )}
        >
          <FileName>{nameOf(path)}</FileName>
        </Anchor>
        <Text size="sm" c="dimmed" component="div" className={classes.folder ?? ''}>
          <FileName>{readable(parentOf(path))}</FileName>
        </Text>
      </div>
      <div className={classes.figures}>
        <div className={classes.facts}>
          {sizeBytes === null ? null : (
            <span className={classes.bytes}>
              <Bytes value={sizeBytes} />
            </span>
          )}
          <span>{text.versions(versionCount)}</span>
          <span>
            <Moment at={newestSnapshot.time} />
          </span>
        </div>
      </div>
      <FileActions file={file} />
    </div>
  )
}

function FileActions({ file }: { readonly file: FoundFile }): ReactElement {
  const text = useMessages(searchMessages)
  const { mayManage } = useRights()
  const { name, path, kind, clientId, newestSnapshot } = file
  const link = kind === 'file' ? fileLink(newestSnapshot.id, path) : archiveLink(newestSnapshot.id, [path], 'zip')
  const search = { path, clientId: clientId === null ? undefined : String(clientId) }
  return (
    <div className={classes.actions}>
      <Tooltip label={text.allVersions(name)}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={text.allVersions(name)}
          renderRoot={(props) => <Link to="/files/versions" search={search} {...props} />}
        >
          <IconHistory size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      {mayManage && link !== undefined ? (
        <Tooltip label={text.download(name)}>
          <ActionIcon variant="subtle" color="gray" size="lg" component="a" href={link} download aria-label={text.download(name)}>
            <IconDownload size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ) : null}
    </div>
  )
}
