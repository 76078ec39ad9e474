import type { Client, Enrolment } from '@holdfast/protocol'
import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactElement, useEffect, useRef } from 'react'
import { api } from '../../app/api.ts'
import { useNow } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { CopyText } from '../../ui/copy-text.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Waiting } from '../../ui/waiting.tsx'
import { machineOf } from './client-filters.ts'
import { enrolmentMessages } from './enrolment-messages.ts'
import { clientQuery, refreshClients } from './queries.ts'
import { leadsToItself } from './reachable-address.ts'

const LOOK_EVERY_MS = 2000

export interface EnrolmentPanelProps {
  readonly clientId: number
  /** Whether somebody has just asked for a code by what brought them here. Otherwise they are asked: no address makes a code. */
  readonly isAskedFor: boolean
  /** What to do once the machine is in. */
  readonly children?: (client: Client) => ReactElement
}

/**
 * Makes a one-time code for a client, shows the command that brings a machine in by it, and waits until its agent has come. For a client
 * whose agent is in already there is nothing to wait for: the code takes its place when it is used.
 */
export function EnrolmentPanel({ clientId, isAskedFor, children }: EnrolmentPanelProps): ReactElement {
  const { mutate, data: enrolment, error, reset, isIdle } = useMutation({ mutationFn: () => createCode(clientId) })
  const isAsked = useRef(false)
  useEffect(() => {
    if (!isAskedFor || isAsked.current) return
    isAsked.current = true
    mutate()
  }, [isAskedFor, mutate])
  const { data: client } = useClientUntilIn(clientId)
  const wasIn = useRef<boolean | undefined>(undefined)
  wasIn.current ??= client?.isEnrolled
  if (client?.isEnrolled === true && wasIn.current === false) return <Arrived client={client}>{children?.(client)}</Arrived>
  if (error !== null) return <FailureNotice failure={error} retry={() => mutate()} />
  if (isIdle && !isAskedFor) return <Offer onMake={() => mutate()} />
  if (enrolment === undefined) return <Waiting lines={3} />
  const renew = (): void => {
    reset()
    mutate()
  }
  return <Instruction enrolment={enrolment} isWaiting={client?.isEnrolled === false} onRenew={renew} />
}

function Offer({ onMake }: { readonly onMake: () => void }): ReactElement {
  const text = useMessages(enrolmentMessages)
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm">{text.offer}</Text>
      <Button onClick={onMake}>{text.makeCode}</Button>
    </Stack>
  )
}

interface InstructionProps {
  readonly enrolment: Enrolment
  readonly isWaiting: boolean
  readonly onRenew: () => void
}

function Instruction({ enrolment, isWaiting, onRenew }: InstructionProps): ReactElement {
  const text = useMessages(enrolmentMessages)
  const format = useFormat()
  const isOver = Date.parse(enrolment.expiresAt) <= useNow(10_000)
  if (isOver)
    return (
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{text.codeOver}</Text>
        <Button onClick={onRenew}>{text.newCode}</Button>
      </Stack>
    )
  return (
    <Stack gap="sm">
      <div>
        <Text fw={600}>{text.type}</Text>
        <Text size="sm" c="dimmed">
          {text.typeHint}
        </Text>
      </div>
      <CopyText value={`${enrolment.command} && holdfast agent`} label={text.command} />
      {leadsToItself(enrolment.command) ? (
        <Alert role="note" color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text.onlyHere} p="sm">
          {text.onlyHereHint}
        </Alert>
      ) : null}
      <Text size="sm" c="dimmed">
        {text.expires(format.moment(enrolment.expiresAt))}
      </Text>
      {isWaiting ? (
        <Group gap="sm" wrap="nowrap" role="status">
          <Loader size="sm" aria-hidden />
          <Text size="sm">{text.waiting}</Text>
        </Group>
      ) : null}
    </Stack>
  )
}

function Arrived({ client, children }: { readonly client: Client; readonly children?: ReactElement | undefined }): ReactElement {
  const text = useMessages(enrolmentMessages)
  useEffect(() => void refreshClients(), [])
  const machine = [client.hostname, machineOf(client)].filter((part) => part !== null && part !== '').join(' · ')
  return (
    <Stack gap="md">
      <Alert role="status" color="kelp" variant="light" icon={<IconCheck aria-hidden />} title={text.arrived}>
        {machine === '' ? null : (
          <>
            {text.arrivedHint} <FileName>{machine}</FileName>
          </>
        )}
      </Alert>
      {children}
    </Stack>
  )
}

function createCode(clientId: number): Promise<Enrolment> {
  return api.post<Enrolment>(`/api/v1/clients/${clientId}/enrolment`)
}

function useClientUntilIn(clientId: number) {
  return useQuery({
    ...clientQuery(clientId),
    refetchInterval: ({ state }) => (state.data?.isEnrolled === true ? false : LOOK_EVERY_MS),
  })
}
