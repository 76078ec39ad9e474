import type { Run } from '@holdfast/protocol'
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useLiveRun } from '../../app/live.ts'
import { MessageText } from '../../ui/message-text.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { RunStateBadge } from '../../ui/run-state-badge.tsx'
import { RunProgress } from '../runs/run-progress.tsx'
import { restoreMessages } from './messages.ts'

export interface RestoreProgressProps {
  /** As it was when it began. */
  readonly run: Run
  readonly onClose: () => void
}

/** How far a restore is, until it has ended. */
export function RestoreProgress({ run: begun, onClose }: RestoreProgressProps): ReactElement {
  const text = useMessages(restoreMessages)
  const ui = useMessages(uiMessages)
  const live = useLiveRun(begun.id)
  const known = useQuery({
    queryKey: ['runs', begun.id],
    queryFn: ({ signal }) => api.get<Run>(`/api/v1/runs/${begun.id}`, { signal }),
    initialData: begun,
  })
  const run = live ?? known.data
  const said = { pending: text.pending, running: text.running, finished: text.finished, error: text.failed, cancelled: text.cancelled }
  return (
    <Stack gap="md">
      <Group gap="sm" role="status">
        <RunStateBadge state={run.state} />
        <Text size="sm">{said[run.state]}</Text>
      </Group>
      <RunProgress run={run} />
      {run.error === null ? null : (
        <Alert color="red" variant="light">
          <Text size="sm">
            <MessageText>{run.error.message}</MessageText>
          </Text>
        </Alert>
      )}
      <Group justify="flex-end">
        <Button variant="default" renderRoot={(props) => <Link to="/runs/$runId" params={{ runId: String(run.id) }} {...props} />}>
          {text.openRun}
        </Button>
        <Button onClick={onClose}>{ui.close}</Button>
      </Group>
    </Stack>
  )
}
