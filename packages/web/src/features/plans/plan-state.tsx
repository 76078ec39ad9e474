import type { Plan } from '@holdfast/protocol'
import { Anchor, Group, Text } from '@mantine/core'
import { IconClockExclamation, IconPlayerPause } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Moment } from '../../ui/figures.tsx'
import { RunStateBadge, StateBadge } from '../../ui/run-state-badge.tsx'
import { planMessages } from './messages.ts'

/** What of a plan needs attention: that it is overdue, or switched off. */
export function PlanBadges({ plan }: { readonly plan: Pick<Plan, 'isOverdue' | 'isEnabled'> }): ReactElement | null {
  const text = useMessages(planMessages)
  if (plan.isEnabled && !plan.isOverdue) return null
  return (
    <Group gap={6}>
      {plan.isOverdue ? <StateBadge color="orange" label={text.overdue} icon={<IconClockExclamation size={13} aria-hidden />} /> : null}
      {plan.isEnabled ? null : <StateBadge color="gray" label={text.off} icon={<IconPlayerPause size={13} aria-hidden />} />}
    </Group>
  )
}

/** How the newest run of a plan went and when, with the way to it. */
export function LastRun({ plan: { lastRun } }: { readonly plan: Pick<Plan, 'lastRun'> }): ReactElement {
  const text = useMessages(planMessages)
  if (lastRun === null)
    return (
      <Text size="sm" c="dimmed">
        {text.neverRan}
      </Text>
    )
  return (
    <Group gap={8}>
      <RunStateBadge state={lastRun.state} problemCount={lastRun.errorCount} />
      <Anchor component={Link} to={`/runs/${lastRun.id}`} size="sm">
        <Moment at={lastRun.finishedAt ?? lastRun.createdAt} />
      </Anchor>
    </Group>
  )
}

/** When a plan runs next by its schedule, or why it does not. */
export function NextRun({
  plan,
}: {
  readonly plan: Pick<Plan, 'isEnabled' | 'isClientDisabled' | 'nextRunAt' | 'schedule'>
}): ReactElement {
  const text = useMessages(planMessages)
  if (plan.isClientDisabled) return <span>{text.notPlanned}</span>
  if (plan.schedule.cron === null) return <span>{text.byHand}</span>
  return plan.isEnabled ? <Moment at={plan.nextRunAt} fallback="–" /> : <span>{text.off}</span>
}
