import type { Plan } from '@holdfast/protocol'
import { Anchor, Switch } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FileName } from '../../ui/file-name.tsx'
import list from '../../ui/linked-list.module.css'
import { showNotice } from '../../ui/notices.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { planMessages } from './messages.ts'
import classes from './plan-list.module.css'
import { LastRun, NextRun, PlanBadges } from './plan-state.tsx'
import { refreshPlans } from './queries.ts'
import { RunPlanButton } from './run-plan-button.tsx'
import { zonedScheduleWords } from './schedule-words.ts'

export interface PlanListProps {
  readonly plans: readonly Plan[]
  readonly onNearEnd: () => void
}

/** Plans, a row each, however many there are. */
export function PlanList({ plans, onNearEnd }: PlanListProps): ReactElement {
  const text = useMessages(planMessages)
  return (
    <div className={`${list.list} ${classes.plans}`}>
      <div className={list.columns} aria-hidden>
        <span>{text.plan}</span>
        <span>{text.schedule}</span>
        <span>{text.nextRun}</span>
        <span>{text.lastRun}</span>
        <span>{text.isOn}</span>
        <span />
      </div>
      <VirtualList
        items={plans}
        keyOf={({ id }) => id}
        rowHeight={65}
        height="calc(100vh - 19rem)"
        label={text.title}
        onNearEnd={onNearEnd}
      >
        {(plan) => <PlanRow plan={plan} />}
      </VirtualList>
    </div>
  )
}

function PlanRow({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(planMessages)
  const { language } = useLanguage()
  const { mayManage } = useRights()
  return (
    <div className={list.row}>
      <div className={classes.names}>
        <Link to="/plans/$planId" params={{ planId: String(plan.id) }} className={list.name}>
          <FileName>{plan.name}</FileName>
        </Link>
        <Anchor component={Link} to={`/clients/${plan.clientId}`} size="sm" c="dimmed" className={`${list.above} ${classes.client}`}>
          <FileName>{plan.clientName}</FileName>
        </Anchor>
      </div>
      <div className={classes.schedule}>{zonedScheduleWords(plan.schedule, language)}</div>
      <div className={classes.next}>
        <span className={list.label}>{text.nextRun}: </span>
        <span className={list.above}>
          <NextRun plan={plan} />
        </span>
      </div>
      <div className={`${classes.last} ${list.above}`}>
        <LastRun plan={plan} />
        {plan.isOverdue ? <PlanBadges plan={{ isOverdue: true, isEnabled: true }} /> : null}
      </div>
      <div className={`${classes.switch} ${list.above}`}>
        <PlanSwitch plan={plan} isReadOnly={!mayManage} />
      </div>
      <div className={`${classes.action} ${list.above}`}>{mayManage ? <RunPlanButton plan={plan} size="xs" /> : null}</div>
    </div>
  )
}

function PlanSwitch({ plan, isReadOnly }: { readonly plan: Plan; readonly isReadOnly: boolean }): ReactElement {
  const text = useMessages(planMessages)
  const { mutate, isPending, variables } = useMutation({
    mutationFn: (isEnabled: boolean) => api.patch<Plan>(`/api/v1/plans/${plan.id}`, { isEnabled }),
    onError: (failure) => showNotice({ tone: 'bad', title: text.notSwitched(plan.name), message: failure.message }),
    onSettled: refreshPlans,
  })
  return (
    <Switch
      checked={isPending ? variables : plan.isEnabled}
      onChange={({ currentTarget }) => mutate(currentTarget.checked)}
      disabled={isReadOnly}
      aria-label={text.switchOf(plan.name)}
    />
  )
}
