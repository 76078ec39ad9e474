import type { Maintenance } from '@holdfast/protocol'
import { Alert, Anchor, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { now } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { FactList } from '../runs/fact-list.tsx'
import { ProgressBar } from '../runs/progress-bar.tsx'
import { repositoryMessages } from './messages.ts'
import { nextRoundAt, readShare, taskOf } from './repository-health.ts'

/** When a repository was last checked and cleaned up, how much of its data was read, and what went wrong. */
export function HealthSection({ maintenance }: { readonly maintenance: Maintenance }): ReactElement {
  const text = useMessages(repositoryMessages)
  const check = taskOf(maintenance, 'check')
  const prune = taskOf(maintenance, 'maintenance')
  return (
    <Section title={text.health}>
      <Stack gap="md">
        {check?.damage == null ? null : <Trouble title={text.damageFound} hint={text.damageHint} {...check.damage} />}
        {check?.error == null || check.damage?.runId === check.runId ? null : (
          <Trouble title={text.checkFailed} message={check.error} runId={check.runId} />
        )}
        {prune?.error == null ? null : <Trouble title={text.pruneFailed} message={prune.error} runId={prune.runId} />}
        <FactList
          facts={[
            [text.lastCheck, <Moment key="check" at={check?.succeededAt} />],
            [text.nextCheck, <Moment key="next" at={check?.dueAt} fallback={text.byHandOnly} />],
            [text.lastPrune, <Moment key="prune" at={prune?.succeededAt} />],
            [text.nextPrune, <Moment key="due" at={prune?.dueAt} fallback={text.byHandOnly} />],
          ]}
        />
        <ReadShare maintenance={maintenance} />
      </Stack>
    </Section>
  )
}

interface TroubleProps {
  readonly title: string
  readonly message: string
  readonly hint?: string
  readonly runId: number | null
}

function Trouble({ title, message, hint, runId }: TroubleProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title}>
      <Text size="sm" component="div">
        <FileName>{message}</FileName>
      </Text>
      {hint === undefined ? null : <Text size="sm">{hint}</Text>}
      {runId === null ? null : (
        <Anchor component={Link} to={`/runs/${runId}`} size="sm">
          {text.seeRun}
        </Anchor>
      )}
    </Alert>
  )
}

function ReadShare({ maintenance }: { readonly maintenance: Maintenance }): ReactElement {
  const text = useMessages(repositoryMessages)
  const format = useFormat()
  const days = maintenance.settings.check.readAllWithinDays
  const nextAt = nextRoundAt(maintenance, now())
  const share = nextAt === undefined ? readShare(maintenance) : 1
  if (days === null) return <Text size="sm">{text.readNone}</Text>
  return (
    <Stack gap={4}>
      <Text size="sm">
        {text.readShare}: <b>{format.percent(share ?? 0)}</b>
      </Text>
      <ProgressBar fraction={share ?? 0} label={text.readShare} />
      <Text size="sm" c="dimmed" component="div">
        {text.readShareHint(days)}
        {maintenance.reading === null ? null : (
          <>
            {' · '}
            {nextAt === undefined ? text.readSince : text.readNext} <Moment at={maintenance.reading.startedAt} />
          </>
        )}
      </Text>
    </Stack>
  )
}
