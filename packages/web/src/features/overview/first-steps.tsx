import { Button, Text, Title } from '@mantine/core'
import { IconDatabase, IconDeviceDesktop, IconFolders, IconShieldHalf } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'

/** Stands on the first page while there are no clients: what Holdfast is made of, and the way to the first backup. */
export function FirstSteps(): ReactElement {
  const text = useMessages(overviewMessages)
  const { isAdmin, mayManage } = useRights()
  if (!mayManage) {
    return (
      <EmptyState icon={<IconShieldHalf size={26} />} title={text.emptyTitle}>
        {text.emptyViewer}
      </EmptyState>
    )
  }
  if (!isAdmin) return <FirstClient />
  return (
    <div className={classes.first}>
      <EmptyState
        icon={<IconShieldHalf size={26} />}
        title={text.emptyTitle}
        actions={
          <Button size="md" renderRoot={(props) => <Link {...props} to="/welcome" />}>
            {text.begin}
          </Button>
        }
      >
        {text.empty}
      </EmptyState>
      <ol className={classes.steps}>
        <Step number={1} icon={<IconDatabase size={22} />} title={text.stepRepository} note={text.stepRepositoryNote} />
        <Step number={2} icon={<IconDeviceDesktop size={22} />} title={text.stepClient} note={text.stepClientNote} />
        <Step number={3} icon={<IconFolders size={22} />} title={text.stepPlan} note={text.stepPlanNote} />
      </ol>
    </div>
  )
}

/** For operators: repositories are there, or are others' to make. */
function FirstClient(): ReactElement {
  const text = useMessages(overviewMessages)
  return (
    <div className={classes.first}>
      <EmptyState
        icon={<IconShieldHalf size={26} />}
        title={text.emptyTitle}
        actions={
          <Button size="md" renderRoot={(props) => <Link {...props} to="/clients" search={{ add: '1' }} />}>
            {text.addClient}
          </Button>
        }
      >
        {text.emptyOperator}
      </EmptyState>
    </div>
  )
}

interface StepProps {
  readonly number: number
  readonly icon: ReactNode
  readonly title: string
  readonly note: string
}

function Step({ number, icon, title, note }: StepProps): ReactElement {
  return (
    <li className={classes.step}>
      <span className={classes.stepIcon} aria-hidden>
        {icon}
      </span>
      <div>
        <Title order={3}>
          {number}. {title}
        </Title>
        <Text size="sm" c="dimmed">
          {note}
        </Text>
      </div>
    </li>
  )
}
