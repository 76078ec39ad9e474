import type { Run } from '@holdfast/protocol'
import { Group, Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useNow } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { useIsLive } from '../../app/live.ts'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { doneFraction } from './estimate.ts'
import { FactList } from './fact-list.tsx'
import { runMessages } from './messages.ts'
import { ProgressBar } from './progress-bar.tsx'
import classes from './run-progress.module.css'
import { isOfFiles, roundedTime } from './run-progress.tsx'
import { useEstimate } from './use-estimate.ts'
import { useRunWords } from './words.ts'

/** The progress of a running run at full size. */
export function LiveSection({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const words = useRunWords()
  const format = useFormat()
  const { progress } = run
  const fraction = progress === null ? null : doneFraction(progress)
  const doing = words.doing(progress)
  const phase = run.isCancelRequested ? text.stopping : doing
  return (
    <div className={classes.live}>
      <Section title={text.progress}>
        <Stack gap="sm">
          <Group justify="space-between" gap="xs">
            <Text fw={600} role="status">
              {phase}
            </Text>
            <Text fw={600}>{fraction === null ? '' : format.percent(Math.floor(fraction * 1000) / 1000)}</Text>
          </Group>
          <ProgressBar fraction={fraction} label={phase} />
          <LiveFacts run={run} />
          <CurrentItem run={run} />
          <ConnectionNote />
        </Stack>
      </Section>
    </div>
  )
}

function LiveFacts({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const format = useFormat()
  const nowMs = useNow(1000)
  const { bytesPerSecond, filesPerSecond, timeLeftMs } = useEstimate(run)
  const { progress, startedAt } = run
  if (progress === null) return <FactList facts={[[text.elapsedLabel, elapsed(startedAt, { nowMs, format })]]} />
  const { doneBytes, totalBytes, doneFiles, totalFiles } = progress
  const countsFiles = isOfFiles(progress)
  const bytes = totalBytes === null ? format.bytes(doneBytes) : text.doneOf(format.bytes(doneBytes), format.bytes(totalBytes))
  const files = totalFiles === null ? format.count(doneFiles) : text.doneOf(format.count(doneFiles), format.count(totalFiles))
  const byBytes = bytesPerSecond === null ? '–' : text.rate(format.bytes(bytesPerSecond))
  const byFiles = filesPerSecond === null ? '–' : text.filesRate(format.count(Math.round(filesPerSecond)))
  return (
    <FactList
      facts={[
        ...(countsFiles ? [[text.bytesLabel, bytes] as const] : []),
        [countsFiles ? text.filesLabel : text.stepsLabel, files],
        ...(countsFiles ? [[text.rateLabel, bytesPerSecond === 0 && filesPerSecond !== 0 ? byFiles : byBytes] as const] : []),
        [text.timeLeftLabel, timeLeftMs === null ? text.notKnown : format.duration(roundedTime(timeLeftMs))],
        [text.elapsedLabel, elapsed(startedAt, { nowMs, format })],
      ]}
    />
  )
}

function elapsed(
  startedAt: string | null,
  { nowMs, format }: { readonly nowMs: number; readonly format: ReturnType<typeof useFormat> },
): string {
  if (startedAt === null) return '–'
  return format.duration(Math.max(0, Math.floor((nowMs - Date.parse(startedAt)) / 1000) * 1000))
}

function ConnectionNote(): ReactElement | null {
  const text = useMessages(runMessages)
  if (useIsLive()) return null
  return (
    <Text size="sm" role="status" fw={600}>
      {text.notLive}
    </Text>
  )
}

function CurrentItem({ run: { progress } }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const problems = progress?.errorCount ?? 0
  return (
    <div>
      <Text size="sm" c="dimmed" component="div" className={classes.current ?? ''} mih="1.45em">
        {progress?.currentItem == null ? null : (
          <>
            {text.currentLabel}: <FileName>{progress.currentItem}</FileName>
          </>
        )}
      </Text>
      {problems === 0 ? null : (
        <Text size="sm" c="var(--mantine-color-error)">
          {text.problemsSoFar(problems)}
        </Text>
      )}
    </div>
  )
}
