import type { Maintenance, MaintenanceKind, MaintenanceRequest, RepositoryView } from '@holdfast/protocol'
import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { IconClock, IconEraser, IconFlask, IconListSearch, IconStethoscope } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useLiveRuns } from '../../app/live.ts'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormat } from '../../ui/format.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { repositoryRunsQuery } from '../runs/queries.ts'
import { RunProgress } from '../runs/run-progress.tsx'
import { RunRow } from '../runs/run-row.tsx'
import { repositoryMessages } from './messages.ts'
import { requestMaintenance } from './queries.ts'
import { taskOf } from './repository-health.ts'

const RECENT_RUNS = 5
const ICON = { size: 20, 'aria-hidden': true } as const

export interface MaintenanceSectionProps {
  readonly repository: RepositoryView
  readonly maintenance: Maintenance
}

/** Maintenance now, with its progress, and what it came to lately. */
export function MaintenanceSection({ repository, maintenance }: MaintenanceSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Section title={text.maintenance} description={text.maintenanceHint}>
      <Stack gap="md">
        <Underway repository={repository} maintenance={maintenance} />
        <Actions repository={repository} maintenance={maintenance} />
      </Stack>
    </Section>
  )
}

function Underway({ repository, maintenance }: MaintenanceSectionProps): ReactElement | null {
  const text = useMessages(repositoryMessages)
  const running = useLiveRuns().filter(
    ({ repositoryId, kind, state }) =>
      repositoryId === repository.id && (kind === 'maintenance' || kind === 'check') && state === 'running',
  )
  if (running.length > 0)
    return (
      <>
        {running.map((run) => (
          <RunProgress key={run.id} run={run} />
        ))}
      </>
    )
  if (!maintenance.tasks.some(({ isRequested }) => isRequested)) return null
  return (
    <Alert color="gray" variant="light" icon={<IconClock aria-hidden />}>
      {text.requestedWaits}
    </Alert>
  )
}

function Actions({ repository, maintenance }: MaintenanceSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const format = useFormat()
  const request = useRequest(repository.id)
  const isAsked = (kind: MaintenanceKind): boolean => taskOf(maintenance, kind)?.isRequested === true
  const button = (label: string, wanted: MaintenanceRequest): ReactNode => (
    <Button size="xs" variant="default" disabled={isAsked(wanted.kind) || request.isPending} onClick={() => request.mutate(wanted)}>
      {label}
    </Button>
  )
  const prune = { kind: 'maintenance', dryRun: false, readAll: false } as const
  const check = { kind: 'check', dryRun: false, readAll: false } as const
  return (
    <div>
      {request.error === null ? null : <FailureNotice failure={request.error} />}
      <RowList label={text.maintenance}>
        <Row icon={<IconEraser {...ICON} />} title={text.prune} actions={button(text.prune, prune)}>
          {text.pruneHint}
        </Row>
        <Row icon={<IconFlask {...ICON} />} title={text.dryRun} actions={button(text.dryRun, { ...prune, dryRun: true })}>
          {text.dryRunHint}
        </Row>
        <Row icon={<IconStethoscope {...ICON} />} title={text.check} actions={button(text.check, check)}>
          {text.checkHint}
        </Row>
        <Row
          icon={<IconListSearch {...ICON} />}
          title={text.readAll}
          actions={
            <ConfirmButton
              size="xs"
              title={text.readAllTitle}
              question={text.readAllQuestion(format.bytes(repository.statistics?.storedBytes ?? 0))}
              confirmLabel={text.readAllConfirm}
              disabled={isAsked('check')}
              onConfirm={() => request.mutateAsync({ ...check, readAll: true })}
            >
              {text.readAll}
            </ConfirmButton>
          }
        >
          {text.readAllHint}
        </Row>
      </RowList>
    </div>
  )
}

function useRequest(repositoryId: number) {
  const text = useMessages(repositoryMessages)
  return useMutation({
    mutationFn: (request: MaintenanceRequest) => requestMaintenance(repositoryId, request),
    onSuccess: () => showNotice({ title: text.requested, tone: 'plain' }),
  })
}

/** What maintenance came to lately. */
export function RecentMaintenance({ repositoryId }: { readonly repositoryId: number }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { data, error, refetch } = useQuery(repositoryRunsQuery(repositoryId, { kinds: 'maintenance,check', limit: RECENT_RUNS }))
  const all = (
    <Anchor
      size="sm"
      renderRoot={(props) => <Link {...props} to="/runs" search={{ repositoryId: String(repositoryId), kind: 'maintenance,check' }} />}
    >
      {text.allRuns}
    </Anchor>
  )
  return (
    <Section title={text.recentRuns} {...(data === undefined || data.items.length === 0 ? {} : { actions: all })}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined ? error === null && <Waiting lines={3} /> : data.items.map((run) => <RunRow key={run.id} run={run} />)}
      {data?.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.noRuns}
        </Text>
      ) : null}
    </Section>
  )
}
