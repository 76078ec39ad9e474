import type { Channel } from '@holdfast/protocol'
import { ActionIcon, Alert, Badge, Button, Text } from '@mantine/core'
import {
  IconActivity,
  IconAlertTriangle,
  IconBrandSpeedtest,
  IconCheck,
  IconMail,
  IconPencil,
  IconPlayerPause,
  IconWebhook,
} from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useMe, useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { MessageText } from '../../ui/message-text.tsx'
import { Row } from '../../ui/row-list.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { ChannelDialog } from './channel-dialog.tsx'
import type { ChannelKind } from './channel-draft.ts'
import { useEventLabel } from './channel-events.tsx'
import { channelMessages } from './channel-messages.ts'
import { channelsQuery, usersQuery } from './queries.ts'

const ICONS: Readonly<Record<ChannelKind, typeof IconMail>> = {
  mail: IconMail,
  webhook: IconWebhook,
  ntfy: IconBrandSpeedtest,
  ping: IconActivity,
}

/** A channel: where it leads, what it is told, and how the last message fared. */
export function ChannelRow({ channel }: { readonly channel: Channel }): ReactElement {
  const text = useMessages(channelMessages)
  const { mayManage } = useRights()
  const [isEditing, setEditing] = useState(false)
  const test = useTest(channel)
  const Icon = ICONS[channel.kind]
  const actions = (
    <>
      <Button variant="default" size="xs" loading={test.isPending} onClick={() => test.mutate()} aria-label={text.testOf(channel.name)}>
        {text.test}
      </Button>
      <ActionIcon variant="default" size={30} onClick={() => setEditing(true)} aria-label={text.editOf(channel.name)}>
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
    </>
  )
  return (
    <Row icon={<Icon size={22} stroke={1.6} />} title={<ChannelTitle channel={channel} />} actions={mayManage ? actions : undefined}>
      <ChannelFacts channel={channel} />
      {test.error === null ? null : <FailureNotice failure={test.error} />}
      {test.data === undefined ? null : <TestResult {...test.data} />}
      {isEditing ? <ChannelDialog channel={channel} onClose={() => setEditing(false)} /> : null}
    </Row>
  )
}

interface TestAnswer {
  readonly isDelivered: boolean
  readonly detail: string
}

function useTest({ id }: Channel) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => api.post<TestAnswer>(`/api/v1/channels/${id}/test`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: channelsQuery.queryKey }),
  })
}

function ChannelTitle({ channel }: { readonly channel: Channel }): ReactElement {
  const text = useMessages(channelMessages)
  const me = useMe()
  const { isAdmin } = useRights()
  const { data } = useQuery({ ...usersQuery, enabled: isAdmin })
  const owner = channel.ownerId === me.id ? undefined : data?.find(({ id }) => id === channel.ownerId)?.username
  return (
    <>
      <FileName>{channel.name}</FileName>
      <Badge variant="default" tt="none">
        {text[channel.kind]}
      </Badge>
      {channel.isEnabled ? null : <StateBadge color="gray" label={text.disabled} icon={<IconPlayerPause size={13} aria-hidden />} />}
      {owner === undefined ? null : (
        <Badge variant="default" tt="none">
          {text.ownedBy(owner)}
        </Badge>
      )}
    </>
  )
}

function ChannelFacts({ channel }: { readonly channel: Channel }): ReactElement {
  const text = useMessages(channelMessages)
  const label = useEventLabel()
  const { config, summary, lastSentAt, lastError } = channel
  const target = Array.isArray(config.to) ? config.to.join(', ') : String(config.url ?? '')
  const at = `${String(summary?.hour ?? 0).padStart(2, '0')}:00`
  const schedule = summary?.every === 'week' ? text.summaryWeekly : text.summaryDaily
  const wanted = channel.events.filter((event) => event !== 'summary').map(label)
  return (
    <>
      <div>
        <FileName>{target}</FileName>
      </div>
      <div>{[...wanted, ...(summary === null ? [] : [schedule(at, summary.timeZone)])].join(' · ')}</div>
      <div>
        {lastSentAt === null ? (
          text.nothingSent
        ) : (
          <>
            {text.lastSent} <Moment at={lastSentAt} />
          </>
        )}
      </div>
      {lastError === null ? null : (
        <Text size="sm" c="var(--mantine-color-error)" component="div">
          {text.lastError} <MessageText>{lastError}</MessageText> {channel.isEnabled ? text.willRetry : ''}
        </Text>
      )}
    </>
  )
}

function TestResult({ isDelivered, detail }: TestAnswer): ReactElement {
  const text = useMessages(channelMessages)
  return (
    <Alert
      role="status"
      mt="xs"
      variant="light"
      color={isDelivered ? 'kelp' : 'red'}
      icon={isDelivered ? <IconCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
      title={isDelivered ? text.testDelivered : text.testFailed}
    >
      {isDelivered ? text.testDeliveredHelp : <MessageText>{detail}</MessageText>}
    </Alert>
  )
}
