import type { Run, RunError } from '@holdfast/protocol'
import { Alert, Button, SimpleGrid } from '@mantine/core'
import { IconAlertTriangle, IconFolderSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactElement, useId } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useLiveRun } from '../../app/live.ts'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { RunStateBadge } from '../../ui/run-state-badge.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { FailureAdvice } from './failure-advice.tsx'
import { LiveSection } from './live-section.tsx'
import { runMessages } from './messages.ts'
import { PendingNotice } from './pending-notice.tsx'
import { runQuery } from './queries.ts'
import { CancelRun, RetryRun } from './run-actions.tsx'
import { RunFacts, RunFigures } from './run-facts.tsx'
import { RunLog } from './run-log.tsx'
import classes from './run-page.module.css'
import { useRunWords } from './words.ts'

const route = getRouteApi('/shell/runs/$runId')

/** One run: as it goes on, and what came of it. */
export function RunPage(): ReactElement {
  const text = useMessages(runMessages)
  const id = Number(route.useParams().runId)
  const { data, error, refetch } = useQuery(runQuery(id))
  const run = useLiveRun(id) ?? data
  if (run !== undefined) return <RunContent key={id} run={run} />
  return (
    <Page title={Number.isInteger(id) ? text.run(id) : text.title} breadcrumbs={[{ label: text.title, to: '/runs' }]}>
      {error === null ? <Waiting lines={8} /> : <FailureNotice failure={error} retry={() => void refetch()} />}
    </Page>
  )
}

function RunContent({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const words = useRunWords()
  const logId = useId()
  const subject = run.clientName ?? run.repositoryName
  return (
    <Page
      title={subject === null ? words.work(run) : `${words.work(run)}: ${subject}`}
      aside={<RunStateBadge state={run.state} problemCount={run.statistics?.errorCount} />}
      description={text.run(run.id)}
      breadcrumbs={[{ label: text.title, to: '/runs' }]}
      actions={
        <>
          {run.snapshotId === null ? null : <SnapshotButton id={run.snapshotId} />}
          {hasError(run) ? null : <RetryRun run={run} />}
          <CancelRun run={run} />
        </>
      }
    >
      <RunStanding run={run} logId={logId} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" mb="md" className={classes.pair ?? ''}>
        <RunFacts run={run} />
        <RunFigures run={run} />
      </SimpleGrid>
      <RunLog run={run} id={logId} />
    </Page>
  )
}

function SnapshotButton({ id }: { readonly id: string }): ReactElement {
  const text = useMessages(runMessages)
  return (
    <Button component={Link} to={`/snapshots/${id}`} variant="default" leftSection={<IconFolderSearch size={16} aria-hidden />}>
      {text.browse}
    </Button>
  )
}

/** What is most important about a run now: its progress, what it waits for, or why it failed. */
function RunStanding({ run, logId }: { readonly run: Run; readonly logId: string }): ReactElement | null {
  const text = useMessages(runMessages)
  if (run.state === 'pending') return <PendingNotice run={run} />
  if (run.state === 'running') return <LiveSection run={run} />
  if (hasError(run)) return <FailureAdvice run={run} logId={logId} actions={<RetryRun run={run} />} />
  const problems = run.statistics?.errorCount ?? 0
  if (problems === 0) return null
  return (
    <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text.withProblems(problems)} mb="md">
      {run.kind === 'backup' ? text.withProblemsBody : null}
    </Alert>
  )
}

function hasError(run: Run): run is Run & { readonly error: RunError } {
  return run.error !== null
}
