import type { NotificationEvent } from '@holdfast/protocol'
import { Checkbox, Stack } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { CHANNEL_EVENTS } from './channel-draft.ts'
import { channelMessages } from './channel-messages.ts'

/** What events are called. */
export function useEventLabel(): (event: NotificationEvent) => string {
  const text = useMessages(channelMessages)
  const labels: Readonly<Record<NotificationEvent, string>> = {
    'run.failed': text.eventFailed,
    'run.recovered': text.eventRecovered,
    'run.finished': text.eventFinished,
    'client.overdue': text.eventOverdue,
    'client.new': text.eventNew,
    'repository.low-space': text.eventLowSpace,
    summary: text.summary,
  }
  return (event) => labels[event]
}

export interface EventsFieldProps {
  readonly value: readonly NotificationEvent[]
  readonly onChange: (events: readonly NotificationEvent[]) => void
  readonly error: string | undefined
}

/** What a channel is told of. Repositories are the administrators’ business. */
export function EventsField({ value, onChange, error }: EventsFieldProps): ReactElement {
  const text = useMessages(channelMessages)
  const label = useEventLabel()
  const { isAdmin } = useRights()
  const offered = CHANNEL_EVENTS.filter((event) => isAdmin || event !== 'repository.low-space')
  return (
    <Checkbox.Group label={text.events} value={[...value]} onChange={(events) => onChange(events as NotificationEvent[])} error={error}>
      <Stack gap={6} mt="xs">
        {offered.map((event) => (
          <Checkbox key={event} value={event} label={label(event)} />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}
