import type { Run } from '@holdfast/protocol'
import { Link } from '@tanstack/react-router'
import { memo, type ReactElement, type ReactNode } from 'react'
import { useNow } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { useLiveRun } from '../../app/live.ts'
import { FileName } from '../../ui/file-name.tsx'
import { type Format, useFormat } from '../../ui/format.ts'
import { RunStateBadge } from '../../ui/run-state-badge.tsx'
import { doneFraction } from './estimate.ts'
import { runMessages } from './messages.ts'
import { ProgressBar } from './progress-bar.tsx'
import classes from './run-row.module.css'
import { useRunWords } from './words.ts'

const REFRESH_MS = 30_000

export interface RunRowProps {
  readonly run: Run
  /** On the page of a client, whose name every line would say again. */
  readonly isOnClient?: boolean
}

/** A run in one line (two on narrow ground), live, leading to its page. */
export function RunRow({ run, isOnClient = false }: RunRowProps): ReactElement {
  return <KeptRow run={run} isOnClient={isOnClient} />
}

/** A list that scrolls draws again what it shows with every step: lines whose run is the same are left as they are. */
const KeptRow = memo(Row)

function Row({ run, isOnClient }: Required<RunRowProps>): ReactElement {
  const latest = useLiveRun(run.id) ?? run
  const words = useRunWords()
  const { trigger } = latest
  return (
    <div className={classes.container}>
      <Link className={classes.row} to="/runs/$runId" params={{ runId: String(run.id) }}>
        <span>
          <RunStateBadge state={latest.state} problemCount={latest.statistics?.errorCount} />
        </span>
        <RunSubject run={latest} isOnClient={isOnClient} />
        <span className={`${classes.wide} ${classes.aside}`}>
          <RunDetail run={latest} fallback={words.trigger(trigger)} />
        </span>
        <span className={classes.figure}>
          <StartTime at={latest.startedAt ?? latest.createdAt} />
        </span>
        <span className={`${classes.figure} ${classes.narrow}`}>
          <RunDuration run={latest} />
        </span>
        <span className={`${classes.figure} ${classes.wide}`}>
          <RunAmount run={latest} />
        </span>
      </Link>
    </div>
  )
}

/** Without the bubble of a `Moment`, which costs more than the rest of a line. */
function StartTime({ at }: { readonly at: string }): ReactElement {
  const format = useFormat()
  useNow(REFRESH_MS)
  return (
    <time dateTime={at} title={format.exact(at)}>
      {format.relative(at)}
    </time>
  )
}

/** The heading over lines of runs; on narrow ground there is none. */
export function RunRowHead(): ReactElement {
  const text = useMessages(runMessages)
  return (
    <div className={classes.container}>
      <div className={`${classes.row} ${classes.head}`}>
        <span>{text.filterState}</span>
        <span>{text.headSubject}</span>
        <span className={classes.wide}>{text.headDetail}</span>
        <span className={classes.figure}>{text.headStarted}</span>
        <span className={`${classes.figure} ${classes.narrow}`}>{text.factDuration}</span>
        <span className={`${classes.figure} ${classes.wide}`}>{text.headAmount}</span>
      </div>
    </div>
  )
}

function RunSubject({ run, isOnClient }: Required<RunRowProps>): ReactElement {
  const words = useRunWords()
  const text = useMessages(runMessages)
  const names = [isOnClient ? null : run.clientName, run.planName].filter((name) => name !== null)
  const subject = names.length === 0 && !isOnClient && run.repositoryName !== null ? [run.repositoryName] : names
  const aside = [words.work(run), ...(run.attempt > 1 ? [text.attempt(run.attempt)] : []), ...(subject.length > 1 ? subject.slice(1) : [])]
  return (
    <span className={classes.what}>
      <span className={classes.name}>{subject[0] === undefined ? text.run(run.id) : <FileName>{subject[0]}</FileName>}</span>
      <span className={classes.aside}>{joined(aside)}</span>
    </span>
  )
}

function joined(parts: readonly string[]): ReactNode {
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a plan may be called as what it does, and parts are never moved.
    <span key={index}>
      {index === 0 ? null : ' · '}
      <FileName>{part}</FileName>
    </span>
  ))
}

function RunDetail({ run, fallback }: { readonly run: Run; readonly fallback: string }): ReactElement {
  const text = useMessages(runMessages)
  const words = useRunWords()
  if (run.state === 'running') {
    const label = run.isCancelRequested ? text.stopping : words.doing(run.progress)
    return <ProgressBar fraction={run.progress === null ? null : doneFraction(run.progress)} label={label} />
  }
  if (run.error !== null) {
    return (
      <span className={classes.reason} title={run.error.message}>
        <FileName>{run.error.message}</FileName>
      </span>
    )
  }
  return <>{fallback}</>
}

function RunDuration({ run }: { readonly run: Run }): ReactNode {
  const format = useFormat()
  return run.state === 'running' ? <Elapsed run={run} /> : endedDuration(run, format)
}

function Elapsed({ run }: { readonly run: Run }): ReactElement {
  const format = useFormat()
  const nowMs = useNow(1000)
  return <>{run.startedAt === null ? '' : format.duration(Math.max(0, Math.floor((nowMs - Date.parse(run.startedAt)) / 1000) * 1000))}</>
}

function endedDuration({ startedAt, finishedAt }: Run, format: Format): string {
  if (startedAt === null || finishedAt === null) return '–'
  return format.duration(Date.parse(finishedAt) - Date.parse(startedAt))
}

function RunAmount({ run: { state, statistics, progress } }: { readonly run: Run }): ReactElement {
  const format = useFormat()
  const amount =
    state === 'running' ? progress?.doneBytes : (statistics?.addedBytes ?? statistics?.readBytes ?? statistics?.other?.bytesFreed)
  return <>{amount === undefined ? '–' : format.bytes(amount)}</>
}
