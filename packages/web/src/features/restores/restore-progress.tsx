import type { Run, RunError } from '@holdfast/protocol'
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconPencil, IconPlayerStop } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useLiveRun } from '../../app/live.ts'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { MessageText } from '../../ui/message-text.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { RunStateBadge } from '../../ui/run-state-badge.tsx'
import { useAdvice } from '../runs/failure-advice.tsx'
import { RunProgress } from '../runs/run-progress.tsx'
import { restoreMessages } from './messages.ts'

export interface RestoreProgressProps {
  /** As it was when it began. */
  readonly run: Run
  /** Leads back to what was chosen, after a restore that did not succeed. */
  readonly onChange: () => void
  readonly onClose: () => void
}

/** How far a restore is, until it has ended; then how, and what can be done about it. */
export function RestoreProgress({ run: begun, onChange, onClose }: RestoreProgressProps): ReactElement {
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
  const mayTryAgain = run.state === 'error' || run.state === 'cancelled'
  return (
    <Stack gap="md">
      <Group gap="sm" role="status" wrap="nowrap" align="flex-start">
        <RunStateBadge state={run.state} />
        <Text size="sm">{said[run.state]}</Text>
      </Group>
      <RunProgress run={run} />
      {run.error === null || run.state === 'cancelled' ? null : <Failure error={run.error} />}
      <Group justify="flex-end" gap="sm">
        {run.finishedAt === null ? <StopRestore run={run} /> : null}
        <Button variant="default" renderRoot={(props) => <Link to="/runs/$runId" params={{ runId: String(run.id) }} {...props} />}>
          {text.openRun}
        </Button>
        <Button variant={mayTryAgain ? 'default' : 'filled'} onClick={onClose}>
          {ui.close}
        </Button>
        {mayTryAgain ? (
          <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={onChange}>
            {text.changeAndTryAgain}
          </Button>
        ) : null}
      </Group>
    </Stack>
  )
}

/** What failed, what to do about it, and what the machine said. */
function Failure({ error: { code, message } }: { readonly error: RunError }): ReactElement {
  const text = useMessages(restoreMessages)
  const { happened, remedy } = useAdvice(code)
  return (
    <Alert color="red" variant="light" title={happened} icon={<IconAlertTriangle aria-hidden />}>
      <Stack gap="xs">
        <Text size="sm">{remedy}</Text>
        <Text size="sm">
          {text.machineSays} <MessageText>{message}</MessageText>
        </Text>
      </Stack>
    </Alert>
  )
}

/** Stops a restore at once: what came back already stays, and it can be begun again. */
function StopRestore({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(restoreMessages)
  const client = useQueryClient()
  const stop = useMutation({
    mutationFn: () => api.post<Run>(`/api/v1/runs/${run.id}/cancel`),
    onSuccess: (stopped) => client.setQueryData(['runs', run.id], stopped),
  })
  const isStopping = run.isCancelRequested || stop.isSuccess
  return (
    <>
      {stop.error === null ? null : <FailureNotice failure={stop.error} />}
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        loading={stop.isPending}
        disabled={isStopping}
        onClick={() => stop.mutate()}
      >
        {isStopping ? text.stopping : text.stop}
      </Button>
    </>
  )
}
