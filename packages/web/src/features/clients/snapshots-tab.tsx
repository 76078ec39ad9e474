import type { Client, SnapshotPage } from '@holdfast/protocol'
import { Button, Group } from '@mantine/core'
import { IconDownload, IconFolderOpen, IconStack2 } from '@tabler/icons-react'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { archiveLink } from '../snapshots/download-links.ts'
import { SnapshotTimeline } from '../snapshots/snapshot-timeline.tsx'
import { clientPageMessages } from './client-messages.ts'

const SHOWN = 30

/** The snapshots of a client; the newest to be downloaded at once. */
export function SnapshotsTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { data, error, refetch } = useQuery(newestSnapshotQuery(client.id))
  if (error !== null) return <FailureNotice failure={error} retry={() => void refetch()} />
  if (data === undefined) return <Waiting lines={5} />
  const [newest] = data.items
  if (newest === undefined)
    return (
      <EmptyState icon={<IconStack2 />} title={text.noSnapshots}>
        {text.noSnapshotsHint}
      </EmptyState>
    )
  return (
    <>
      <Newest id={newest.id} time={newest.time} />
      <Section title={text.snapshots}>
        <SnapshotTimeline clientId={client.id} limit={SHOWN} />
      </Section>
    </>
  )
}

function Newest({ id, time }: { readonly id: number; readonly time: string }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { exact, relative } = useFormat()
  return (
    <Section title={text.newest} description={<span title={exact(time)}>{text.newestHint(relative(time))}</span>}>
      <Group gap="xs">
        <Button
          leftSection={<IconFolderOpen size={18} aria-hidden />}
          renderRoot={(props) => <Link {...props} to="/snapshots/$snapshotId" params={{ snapshotId: String(id) }} />}
        >
          {text.browse}
        </Button>
        {(['zip', 'tar'] as const).map((format) => (
          <Button
            key={format}
            component="a"
            href={archiveLink(id, ['/'], format)}
            download
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
          >
            {format === 'zip' ? text.downloadZip : text.downloadTar}
          </Button>
        ))}
      </Group>
    </Section>
  )
}

function newestSnapshotQuery(clientId: number) {
  return queryOptions({
    queryKey: ['snapshots', 'newest-of-client', clientId],
    queryFn: ({ signal }) => api.get<SnapshotPage>('/api/v1/snapshots', { query: { clientId, limit: 1 }, signal }),
  })
}
