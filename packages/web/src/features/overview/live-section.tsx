import type { Run } from '@holdfast/protocol'
import { Anchor, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useLiveRuns } from '../../app/live.ts'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { doneFraction } from '../runs/estimate.ts'
import { ProgressBar } from '../runs/progress-bar.tsx'
import { useRunWords } from '../runs/words.ts'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'

const SHOWN = 5

/** What runs now, as it happens. */
export function LiveSection(): ReactElement {
  const text = useMessages(overviewMessages)
  const runs = useLiveRuns()
  const running = runs.filter(({ state }) => state === 'running')
  const waiting = runs.length - running.length
  return (
    <Section title={text.live}>
      {running.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.idle}
        </Text>
      ) : (
        <Stack gap="sm">
          {running.slice(0, SHOWN).map((run) => (
            <LiveRow key={run.id} run={run} />
          ))}
        </Stack>
      )}
      {running.length > SHOWN || waiting > 0 ? (
        <Text size="sm" c="dimmed" mt="xs">
          {[running.length > SHOWN ? text.moreRuns(running.length - SHOWN) : '', waiting > 0 ? text.waiting(waiting) : '']
            .filter((part) => part !== '')
            .join(' · ')}
        </Text>
      ) : null}
      <Anchor component={Link} to="/runs" size="sm" display="inline-block" mt="xs">
        {text.allRuns}
      </Anchor>
    </Section>
  )
}

function LiveRow({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(overviewMessages)
  const words = useRunWords()
  const format = useFormat()
  const { progress } = run
  const fraction = progress === null ? null : doneFraction(progress)
  const subject = [run.clientName ?? run.repositoryName, run.planName].filter((part) => part !== null).join(' · ')
  const name = subject === '' ? words.work(run) : subject
  return (
    <div>
      <div className={classes.liveHead}>
        <Link to="/runs/$runId" params={{ runId: String(run.id) }} className={classes.name}>
          <FileName>{name}</FileName>
        </Link>
        <Text size="sm" className={classes.figureText ?? ''}>
          {fraction === null ? null : format.percent(Math.floor(fraction * 100) / 100)}
        </Text>
      </div>
      <ProgressBar fraction={fraction} label={text.progressOf(name)} />
      <Text size="sm" c="dimmed" mt={4}>
        {words.work(run)}
        {progress === null || progress.doneBytes === 0 ? null : ` · ${format.bytes(progress.doneBytes)}`}
      </Text>
    </div>
  )
}
