import type { Client, Plan, Run } from '@holdfast/protocol'
import { Anchor, Button, Group, Text } from '@mantine/core'
import { IconCalendarPlus, IconClockExclamation, IconPlayerPause, IconPlayerPlay, IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { showNotice } from '../../ui/notices.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { scheduleWords } from '../plans/schedule-words.ts'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'
import { clientPlansQuery } from './queries.ts'

/** The plans of a client: what is backed up and when, with the way to run them now. */
export function PlansTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const { data: plans, error, refetch } = useQuery(clientPlansQuery(client.id))
  const add = mayManage ? <AddPlan clientId={client.id} /> : undefined
  if (error !== null) return <FailureNotice failure={error} retry={() => void refetch()} />
  if (plans?.length === 0)
    return (
      <EmptyState icon={<IconCalendarPlus />} title={text.noPlanTitle} actions={add}>
        {text.noPlan}
      </EmptyState>
    )
  return (
    <Section title={text.plans} actions={add}>
      {plans === undefined ? <Waiting lines={3} height={48} /> : plans.map((plan) => <PlanRow key={plan.id} plan={plan} />)}
    </Section>
  )
}

function AddPlan({ clientId }: { readonly clientId: number }): ReactElement {
  const text = useMessages(clientPageMessages)
  return (
    <Button
      leftSection={<IconPlus size={18} aria-hidden />}
      renderRoot={(props) => <Link {...props} to="/clients/$clientId/plans/new" params={{ clientId: String(clientId) }} />}
    >
      {text.addPlan}
    </Button>
  )
}

function PlanRow({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { language } = useLanguage()
  const { mayManage } = useRights()
  const [first = '', ...more] = plan.selection.paths
  return (
    <div className={classes.plan}>
      <div>
        <Anchor component={Link} to={`/plans/${plan.id}`} fw={600}>
          <FileName>{plan.name}</FileName>
        </Anchor>
        <Text size="sm" c="dimmed">
          {scheduleWords(plan.schedule, language)}
          {plan.schedule.cron === null ? '' : ` (${plan.schedule.timeZone})`} · <FileName>{text.planFolders(first, more.length)}</FileName>
        </Text>
      </div>
      <PlanState plan={plan} />
      {mayManage ? <RunNow plan={plan} /> : null}
    </div>
  )
}

function PlanState({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(clientPageMessages)
  const format = useFormat()
  return (
    <Group gap="xs">
      {plan.isOverdue ? <StateBadge color="orange" label={text.planOverdue} icon={<IconClockExclamation size={13} aria-hidden />} /> : null}
      {plan.isEnabled ? null : <StateBadge color="gray" label={text.planOff} icon={<IconPlayerPause size={13} aria-hidden />} />}
      {plan.isEnabled ? (
        <Text size="sm" title={plan.nextRunAt === null ? undefined : format.exact(plan.nextRunAt)}>
          {plan.nextRunAt === null ? null : text.planNext(format.relative(plan.nextRunAt))}
        </Text>
      ) : null}
    </Group>
  )
}

function RunNow({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(clientPageMessages)
  const queries = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => api.post<Run>(`/api/v1/plans/${plan.id}/run`),
    onSuccess: () => {
      showNotice({ tone: 'good', title: text.started, message: text.startedHint })
      void queries.invalidateQueries({ queryKey: ['runs'] })
    },
    onError: (failure) => showNotice({ tone: 'bad', title: plan.name, message: failure.message }),
  })
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      loading={isPending}
      onClick={() => mutate()}
      aria-label={text.runNowOf(plan.name)}
    >
      {text.runNow}
    </Button>
  )
}
