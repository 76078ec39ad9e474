import type { Plan } from '@holdfast/protocol'
import { Anchor, Group } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Section } from '../../ui/section.tsx'
import { planMessages } from './messages.ts'
import classes from './plan-form.module.css'
import { LastRun, NextRun } from './plan-state.tsx'

/** How a plan fares: its last and next run, and the ways to all of them and to its snapshots. */
export function PlanResults({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(planMessages)
  const [id, clientId] = [String(plan.id), String(plan.clientId)]
  return (
    <Section title={text.results}>
      <dl className={classes.words}>
        <div>
          <dt>{text.lastRun}</dt>
          <dd>
            <LastRun plan={plan} />
          </dd>
        </div>
        <div>
          <dt>{text.nextRun}</dt>
          <dd>
            <NextRun plan={plan} />
          </dd>
        </div>
      </dl>
      <Group gap="md" mt="sm">
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/runs" search={{ planId: id, clientId }} />}>
          {text.allRuns}
        </Anchor>
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/snapshots" search={{ clientId, planId: id }} />}>
          {text.snapshots}
        </Anchor>
      </Group>
    </Section>
  )
}
