import type { Client, Plan } from '@holdfast/protocol'
import { Anchor, Button, Text } from '@mantine/core'
import { IconCalendarPlus, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { NextRun, PlanBadges } from '../plans/plan-state.tsx'
import { RunPlanButton } from '../plans/run-plan-button.tsx'
import { zonedScheduleWords } from '../plans/schedule-words.ts'
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
          {zonedScheduleWords(plan.schedule, language)} · <FileName>{text.planFolders(first, more.length)}</FileName>
        </Text>
      </div>
      <PlanBadges plan={plan} />
      <Text size="sm" component="div">
        {text.planNext} <NextRun plan={plan} />
      </Text>
      {mayManage ? <RunPlanButton plan={plan} size="xs" /> : null}
    </div>
  )
}
