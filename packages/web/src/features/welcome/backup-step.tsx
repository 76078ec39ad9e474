import type { Run, RunError, Setup } from '@holdfast/protocol'
import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { FailureAdvice } from '../runs/failure-advice.tsx'
import { RunProgress } from '../runs/run-progress.tsx'
import { FinishedBackup } from './finished-backup.tsx'
import { welcomeMessages } from './messages.ts'
import { StepCard } from './step-card.tsx'
import { useFollowedRun } from './use-followed-run.ts'
import type { StepProps } from './welcome-page.tsx'

export interface BackupStepProps extends StepProps {
  readonly runId: number
  readonly setup: Setup
}

/** Shows the first backup as it goes on, and what comes after it. */
export function BackupStep({ isNext, goTo, runId, setup }: BackupStepProps): ReactElement {
  const text = useMessages(welcomeMessages)
  const { run, error, refetch } = useFollowedRun(runId)
  if (run?.state === 'finished') return <FinishedBackup run={run} setup={setup} goTo={goTo} />
  return (
    <StepCard title={text.backupTitle} lead={text.backupLead} takesFocus={isNext}>
      {run === undefined && error !== null ? <FailureNotice failure={error} retry={() => void refetch()} /> : null}
      {run === undefined && error === null ? <Waiting lines={3} /> : null}
      {run === undefined ? null : <UnderWay run={run} goTo={goTo} />}
    </StepCard>
  )
}

function UnderWay({ run, goTo }: { readonly run: Run } & Pick<StepProps, 'goTo'>): ReactElement {
  const text = useMessages(welcomeMessages)
  if (run.state === 'running') return <RunProgress run={run} />
  if (run.state === 'pending') {
    return (
      <Group gap="sm" role="status" mih={92}>
        <Loader size="sm" aria-hidden />
        <Text size="sm">{text.backupPending}</Text>
      </Group>
    )
  }
  return <Failed run={run} goTo={goTo} />
}

function Failed({ run, goTo }: { readonly run: Run } & Pick<StepProps, 'goTo'>): ReactElement {
  const text = useMessages(welcomeMessages)
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => api.post<Run>(`/api/v1/runs/${run.id}/retry`),
    onSuccess: ({ id }) => goTo({ step: 'backup', runId: id }),
  })
  return (
    <Stack gap="md">
      {hasError(run) ? <FailureAdvice run={run} logId="log" /> : <Text role="alert">{text.backupCancelled}</Text>}
      {error === null ? null : <FailureNotice failure={error} />}
      <Group justify="space-between">
        <Button variant="subtle" color="gray" onClick={() => goTo({ step: 'folders', runId: undefined })}>
          {text.backupOtherFolders}
        </Button>
        <Group gap="xs">
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/runs/$runId" params={{ runId: String(run.id) }} />}>
            {text.backupOpenRun}
          </Button>
          <Button onClick={() => mutate()} loading={isPending}>
            {text.backupRetry}
          </Button>
        </Group>
      </Group>
    </Stack>
  )
}

function hasError(run: Run): run is Run & { readonly error: RunError } {
  return run.error !== null
}
