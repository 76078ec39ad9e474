import type { Client } from '@holdfast/protocol'
import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconBan, IconCalendarPlus, IconClockExclamation, IconPlugConnected } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'
import { clientPlansQuery } from './queries.ts'

/** What of a client needs somebody, the first thing first, each with what to do about it. */
export function ClientAttention({ client }: { readonly client: Client }): ReactElement | null {
  const text = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const { data: plans } = useQuery(clientPlansQuery(client.id))
  const { isEnrolled, isLocal, isOverdue, lastRun } = client
  const isDisabled = client.state === 'disabled'
  const isAway = !isEnrolled && !isLocal
  const params = { clientId: String(client.id) }
  return (
    <Stack gap="sm" className={classes.attention ?? ''}>
      {isDisabled ? (
        <Note color="gray" icon={<IconBan aria-hidden />} title={client.isDisabled ? text.disabledTitle : text.ownerDisabledTitle}>
          <Text size="sm">{client.isDisabled ? text.disabled : text.ownerDisabled}</Text>
        </Note>
      ) : null}
      {lastRun?.state === 'error' ? (
        <Note color="red" icon={<IconAlertTriangle aria-hidden />} title={text.lastFailed}>
          {lastRun.error === null ? null : (
            <Text size="sm" mb={4}>
              <FileName>{lastRun.error.message}</FileName>
            </Text>
          )}
          <Anchor component={Link} to={`/runs/${lastRun.id}`} size="sm">
            {text.seeRun}
          </Anchor>
        </Note>
      ) : null}
      {isOverdue && !isDisabled ? (
        <Note color="orange" icon={<IconClockExclamation aria-hidden />} title={text.overdueTitle}>
          <Text size="sm">{text.overdue}</Text>
        </Note>
      ) : null}
      {isAway && !isDisabled ? (
        <Note color="blue" icon={<IconPlugConnected aria-hidden />} title={text.notInTitle}>
          <Text size="sm">{text.notIn}</Text>
          {mayManage ? (
            <Button size="xs" mt="xs" renderRoot={(props) => <Link {...props} to="/clients/$clientId" params={params} search={BRING_IN} />}>
              {text.bringIn}
            </Button>
          ) : null}
        </Note>
      ) : null}
      {plans?.length === 0 && !isAway && !isDisabled ? (
        <Note color="blue" icon={<IconCalendarPlus aria-hidden />} title={text.noPlanTitle}>
          <Text size="sm">{text.noPlan}</Text>
          {mayManage ? (
            <Button size="xs" mt="xs" renderRoot={(props) => <Link {...props} to="/clients/$clientId/plans/new" params={params} />}>
              {text.addPlan}
            </Button>
          ) : null}
        </Note>
      ) : null}
    </Stack>
  )
}

const BRING_IN = { tab: 'access', enrol: '1' }

interface NoteProps {
  readonly color: string
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
}

function Note({ color, icon, title, children }: NoteProps): ReactElement {
  return (
    <Alert color={color} variant="light" icon={icon} title={title}>
      {children}
    </Alert>
  )
}
