import type { Channel } from '@holdfast/protocol'
import { Button } from '@mantine/core'
import { IconBell, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { ChannelDialog } from './channel-dialog.tsx'
import { channelMessages } from './channel-messages.ts'
import { ChannelRow } from './channel-row.tsx'
import { channelsQuery } from './queries.ts'

/** To whom what is told. */
export function NotificationsPage(): ReactElement {
  const text = useMessages(channelMessages)
  const { isAdmin, mayManage } = useRights()
  const { data, error, refetch } = useQuery(channelsQuery)
  const [isAdding, setAdding] = useState(false)
  const add = mayManage ? (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
      {text.add}
    </Button>
  ) : undefined
  return (
    <Page title={text.title} description={isAdmin ? text.descriptionAdmin : text.description} actions={add}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined ? error === null && <Waiting lines={3} height={44} /> : <Channels channels={data} />}
      {isAdding ? <ChannelDialog onClose={() => setAdding(false)} /> : null}
    </Page>
  )
}

function Channels({ channels }: { readonly channels: readonly Channel[] }): ReactElement {
  const text = useMessages(channelMessages)
  if (channels.length === 0) {
    return (
      <EmptyState icon={<IconBell />} title={text.none}>
        {text.noneHelp}
      </EmptyState>
    )
  }
  return (
    <Section title={text.channels}>
      <RowList label={text.channels}>
        {channels.map((channel) => (
          <ChannelRow key={channel.id} channel={channel} />
        ))}
      </RowList>
    </Section>
  )
}
