import { Button, Text, Title } from '@mantine/core'
import { IconDatabase, IconDeviceDesktop, IconFolders, IconShieldHalf } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Section } from '../../ui/section.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'
import { neediestClientsQuery } from './queries.ts'

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

/** Stands above everything else while there are clients and nothing is planned: the way back into the first steps, where they were left. */
export function FirstStepsGoOn(): ReactElement {
  const text = useMessages(overviewMessages)
  const { data } = useQuery(neediestClientsQuery)
  const [client, ...others] = data?.items ?? []
  // One client is the one that was begun with; of several, the first steps ask.
  const search =
    client === undefined || others.length > 0
      ? {}
      : { step: client.isEnrolled || client.isLocal ? 'folders' : 'machine', client: String(client.id) }
  const goOn = <Button renderRoot={(props) => <Link {...props} to="/welcome" search={search} />}>{text.goOn}</Button>
  return (
    <Section title={text.emptyTitle} actions={goOn}>
      <Text size="sm" c="dimmed">
        {text.goOnLead}
      </Text>
    </Section>
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
