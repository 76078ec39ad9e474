import type { Session } from '@holdfast/protocol'
import { Badge, Button } from '@mantine/core'
import { IconDeviceDesktop, IconDeviceMobile, IconTerminal2 } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Moment } from '../../ui/figures.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { accountMessages } from './messages.ts'
import { ownAccount, sessionsQuery } from './queries.ts'
import { deviceOf } from './user-agent.ts'

/** Where one is signed in; ends what should not be. */
export function SessionsSection(): ReactElement {
  const text = useMessages(accountMessages)
  const { data, error, refetch } = useQuery(sessionsQuery)
  const hasOthers = data?.some(({ isCurrent }) => !isCurrent) === true
  return (
    <Section title={text.tabSessions} description={text.sessionsHelp} actions={hasOthers ? <EndOthers /> : undefined}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Waiting lines={3} height={40} />
      ) : (
        <RowList label={text.tabSessions}>
          {data.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </RowList>
      )}
    </Section>
  )
}

function EndOthers(): ReactElement {
  const text = useMessages(accountMessages)
  const queryClient = useQueryClient()
  const end = async (): Promise<void> => {
    await ownAccount.endOtherSessions()
    await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey })
    showNotice({ tone: 'good', title: text.othersEnded })
  }
  return (
    <ConfirmButton title={text.endOthersTitle} question={text.endOthersQuestion} confirmLabel={text.endOthers} danger onConfirm={end}>
      {text.endOthers}
    </ConfirmButton>
  )
}

function SessionRow({ session }: { readonly session: Session }): ReactElement {
  const text = useMessages(accountMessages)
  const device = useDeviceName(session)
  return (
    <Row
      icon={<DeviceIcon userAgent={session.userAgent} />}
      title={
        <>
          <span title={session.userAgent}>{device}</span>
          {session.isCurrent ? (
            <Badge variant="light" tt="none">
              {text.thisSession}
            </Badge>
          ) : null}
        </>
      }
      actions={session.isCurrent ? undefined : <EndButton session={session} device={device} />}
    >
      {text.from(session.address)} · {text.lastSeen} <Moment at={session.lastSeenAt} /> · {text.signedInSince}{' '}
      <Moment at={session.createdAt} />
    </Row>
  )
}

function EndButton({ session, device }: { readonly session: Session; readonly device: string }): ReactElement {
  const text = useMessages(accountMessages)
  const queryClient = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => ownAccount.endSession(session.id),
    onSuccess: () => showNotice({ tone: 'good', title: text.sessionEnded, message: device }),
    onError: (error) => showNotice({ tone: 'bad', title: text.sessionNotEnded, message: error.message }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  })
  return (
    <Button variant="default" size="xs" loading={isPending} onClick={() => mutate()} aria-label={text.endSessionOf(device)}>
      {text.endSession}
    </Button>
  )
}

function useDeviceName({ userAgent }: Session): string {
  const text = useMessages(accountMessages)
  const { browser, system } = deviceOf(userAgent)
  if (browser !== null && system !== null) return text.on(browser, system)
  return browser ?? system ?? text.unknownBrowser
}

function DeviceIcon({ userAgent }: { readonly userAgent: string }): ReactElement {
  const { browser, system } = deviceOf(userAgent)
  if (system === 'iOS' || system === 'Android') return <IconDeviceMobile size={22} stroke={1.6} />
  return browser === null || browser === 'curl' ? <IconTerminal2 size={22} stroke={1.6} /> : <IconDeviceDesktop size={22} stroke={1.6} />
}
