import type { Run, RunStatistics } from '@holdfast/protocol'
import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useNow } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { Bytes, Count, Duration, Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Section } from '../../ui/section.tsx'
import { FactList } from './fact-list.tsx'
import { runMessages } from './messages.ts'
import { useRunWords } from './words.ts'

/** What a run belongs to, why there is one, and when it was. */
export function RunFacts({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const words = useRunWords()
  const trigger = [words.trigger(run.trigger), ...(run.attempt > 1 ? [text.attempt(run.attempt)] : [])].join(' · ')
  return (
    <Section title={text.facts}>
      <FactList
        facts={[
          ...(run.kind === 'backup' || run.kind === 'restore' ? [[text.factClient, <ClientLink key="client" run={run} />] as const] : []),
          ...(run.kind === 'backup' ? [[text.factPlan, <PlanLink key="plan" run={run} />] as const] : []),
          [text.factRepository, <RepositoryLink key="repository" run={run} />],
          [text.factTrigger, trigger],
          ...(run.retryOf === null ? [] : [[text.retryOf, <RunLink key="retry" id={run.retryOf} />] as const]),
          [text.factCreated, <Moment key="created" at={run.createdAt} />],
          [text.factStarted, <Moment key="started" at={run.startedAt} fallback="–" />],
          [text.factFinished, <Moment key="finished" at={run.finishedAt} fallback="–" />],
          [text.factDuration, <RunTime key="time" run={run} />],
        ]}
      />
    </Section>
  )
}

function RunLink({ id }: { readonly id: number }): ReactElement {
  const text = useMessages(runMessages)
  return (
    <Anchor component={Link} to={`/runs/${id}`}>
      {text.run(id)}
    </Anchor>
  )
}

function ClientLink({ run: { clientId, clientName } }: { readonly run: Run }): ReactElement {
  return <NameLink to={clientId === null ? undefined : `/clients/${clientId}`} name={clientName} />
}

function PlanLink({ run: { planId, planName } }: { readonly run: Run }): ReactElement {
  return <NameLink to={planId === null ? undefined : `/plans/${planId}`} name={planName} />
}

function RepositoryLink({ run: { repositoryId, repositoryName } }: { readonly run: Run }): ReactElement {
  return <NameLink to={repositoryId === null ? undefined : `/repositories/${repositoryId}`} name={repositoryName} />
}

function NameLink({ to, name }: { readonly to: string | undefined; readonly name: string | null }): ReactElement {
  const text = useMessages(runMessages)
  if (to === undefined || name === null) {
    return (
      <Text span c="dimmed" size="sm">
        {text.gone}
      </Text>
    )
  }
  return (
    <Anchor component={Link} to={to}>
      <FileName>{name}</FileName>
    </Anchor>
  )
}

function RunTime({ run: { startedAt, finishedAt, state } }: { readonly run: Run }): ReactElement {
  if (startedAt === null) return <span>–</span>
  if (finishedAt !== null) return <Duration milliseconds={Date.parse(finishedAt) - Date.parse(startedAt)} />
  return state === 'running' ? <SinceStart startedMs={Date.parse(startedAt)} /> : <span>–</span>
}

function SinceStart({ startedMs }: { readonly startedMs: number }): ReactElement {
  const nowMs = useNow(1000)
  return <Duration milliseconds={Math.max(0, Math.floor((nowMs - startedMs) / 1000) * 1000)} />
}

type Fact = readonly [string, ReactNode]

/** What a run has counted. */
export function RunFigures({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const hasEnded = run.finishedAt !== null
  const facts = run.statistics === null ? [] : figuresOf(run.statistics, { text, isRestore: run.kind === 'restore' })
  return (
    <Section title={text.statistics}>
      {facts.length > 0 ? (
        <FactList facts={facts} />
      ) : (
        <Text size="sm" c="dimmed">
          {hasEnded ? text.noStatisticsEver : text.noStatistics}
        </Text>
      )}
    </Section>
  )
}

function figuresOf(
  statistics: RunStatistics,
  { text, isRestore }: { readonly text: typeof runMessages.en; readonly isRestore: boolean },
): readonly Fact[] {
  const other = statistics.other ?? {}
  const counts: readonly (readonly [string, number | undefined])[] = [
    [text.statFilesNew, statistics.filesNew],
    [isRestore ? text.statFilesRestored : text.statFilesChanged, statistics.filesChanged],
    [text.statFilesUnmodified, statistics.filesUnmodified],
    [text.statFilesRemoved, other.filesRemoved],
    [text.statFileCount, statistics.fileCount],
    [text.statSnapshots, other.snapshots],
    [text.statPacksRead, other.packsRead],
    [text.statHints, other.hints],
    [text.statSnapshotsForgotten, other.snapshotsForgotten],
    [text.statPacksRemoved, other.packsRemoved],
    [text.statPacksRewritten, other.packsRewritten],
  ]
  const amounts: readonly (readonly [string, number | undefined])[] = [
    [text.statTotalBytes, statistics.totalBytes],
    [text.statReadBytes, statistics.readBytes],
    [isRestore ? text.statRestoredBytes : text.statAddedBytes, statistics.addedBytes],
    [text.statStoredBytes, statistics.storedBytes],
    [text.statSentBytes, statistics.sentBytes],
    [text.statBytesFreed, other.bytesFreed],
    [text.statBytesKept, other.bytesKept],
  ]
  return [
    ...counts.flatMap(([label, value]): Fact[] => (value === undefined ? [] : [[label, <Count key={label} value={value} />]])),
    ...amounts.flatMap(([label, value]): Fact[] => (value === undefined ? [] : [[label, <Bytes key={label} value={value} />]])),
    ...(statistics.durationMs === undefined
      ? []
      : [[text.statDuration, <Duration key="time" milliseconds={statistics.durationMs} />] as const]),
    ...(statistics.errorCount === undefined ? [] : [[text.statErrorCount, <Count key="errors" value={statistics.errorCount} />] as const]),
  ]
}
