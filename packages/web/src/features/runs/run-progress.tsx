import type { RunProgress as Progress, Run } from '@holdfast/protocol'
import { Group, Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useLiveRun } from '../../app/live.ts'
import { FileName } from '../../ui/file-name.tsx'
import { type Format, useFormat } from '../../ui/format.ts'
import { doneFraction } from './estimate.ts'
import { runMessages } from './messages.ts'
import { ProgressBar } from './progress-bar.tsx'
import classes from './run-progress.module.css'
import { useEstimate } from './use-estimate.ts'
import { useRunWords } from './words.ts'

/** How far a run is, as it happens: what it does, a bar, figures, rate, time left and the current file. Nothing once it has ended. */
export function RunProgress({ run }: { readonly run: Run }): ReactElement | null {
  const latest = useLiveRun(run.id) ?? run
  return latest.state === 'running' ? <LiveProgress key={run.id} run={latest} /> : null
}

function LiveProgress({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const words = useRunWords()
  const format = useFormat()
  const { bytesPerSecond, timeLeftMs } = useEstimate(run)
  const { progress } = run
  const fraction = progress === null ? null : doneFraction(progress)
  const doing = words.doing(progress)
  const phase = run.isCancelRequested ? text.stopping : doing
  return (
    <Stack gap={6} miw={0}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" fw={600}>
          {phase}
        </Text>
        <Text size="sm" className={classes.line ?? ''}>
          {fraction === null ? null : format.percent(Math.floor(fraction * 100) / 100)}
        </Text>
      </Group>
      <ProgressBar fraction={fraction} label={`${text.run(run.id)}: ${phase}`} />
      <Text size="sm" c="dimmed" component="div" className={classes.line ?? ''}>
        {figuresOf(progress, { text, format }).map((figure) => (
          <span key={figure}>{figure}</span>
        ))}
        {bytesPerSecond === null || bytesPerSecond === 0 ? null : <span>{text.rate(format.bytes(bytesPerSecond))}</span>}
        {timeLeftMs === null ? null : <span>{text.timeLeft(format.duration(roundedTime(timeLeftMs)))}</span>}
      </Text>
      <Text size="sm" c="dimmed" component="div" className={classes.current ?? ''} mih="1.45em">
        {progress?.currentItem == null ? null : <FileName>{progress.currentItem}</FileName>}
      </Text>
    </Stack>
  )
}

/** What is done of what, without what says nothing. */
function figuresOf(
  progress: Progress | null,
  { text, format }: { readonly text: typeof runMessages.en; readonly format: Format },
): readonly string[] {
  if (progress === null) return []
  const { doneBytes, totalBytes, doneFiles, totalFiles, errorCount } = progress
  const countsFiles = isOfFiles(progress)
  const bytes = totalBytes === null ? format.bytes(doneBytes) : text.doneOf(format.bytes(doneBytes), format.bytes(totalBytes))
  const files = totalFiles === null ? format.count(doneFiles) : text.doneOf(format.count(doneFiles), format.count(totalFiles))
  const named = totalFiles === null ? text.files(doneFiles) : text.filesOf(format.count(doneFiles), format.count(totalFiles))
  return [
    ...(countsFiles && (doneBytes > 0 || totalBytes !== null) ? [bytes] : []),
    ...(doneFiles > 0 || totalFiles !== null ? [countsFiles ? named : files] : []),
    ...(errorCount > 0 ? [text.problems(errorCount)] : []),
  ]
}

/** Whether what a run counts are files; maintenance counts packs, folders and the like. */
export function isOfFiles({ phase }: Progress): boolean {
  return ['starting', 'backup', 'restore', 'commands before', 'commands after'].includes(phase)
}

/** Seconds say more than anybody knows, when there are minutes left. */
export function roundedTime(milliseconds: number): number {
  const step = milliseconds > 3_600_000 ? 300_000 : milliseconds > 600_000 ? 60_000 : milliseconds > 60_000 ? 10_000 : 1000
  return Math.max(1000, Math.round(milliseconds / step) * step)
}
