import type { Client } from '@holdfast/protocol'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { IconPlugConnected, IconRefresh, IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { CopyText } from '../../ui/copy-text.tsx'
import { Moment } from '../../ui/figures.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { clientPageMessages } from './client-messages.ts'
import { enrolmentMessages } from './enrolment-messages.ts'
import { EnrolmentPanel } from './enrolment-panel.tsx'
import { clientQuery, refreshClients } from './queries.ts'
import { settingsMessages } from './settings-messages.ts'
import { TokenReplacement } from './token-replacement.tsx'

const route = getRouteApi('/shell/clients/$clientId')

/** How the agent of a client proves itself, and how another one takes its place. */
export function TokenSection({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const page = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const { isEnrolled, isLocal } = client
  const said = isLocal ? text.agentLocal : isEnrolled ? text.agentIn : text.agentOut
  return (
    <Section title={text.agent} description={said}>
      <Stack gap="md">
        <Text size="sm" component="div">
          {text.heard}: <Moment at={client.lastPingAt} fallback={page.notHeard} />
        </Text>
        {mayManage && !isLocal ? <TokenActions client={client} /> : null}
      </Stack>
    </Section>
  )
}

function TokenActions({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const isEnrolling = route.useSearch().enrol === '1'
  const navigate = useNavigate({ from: '/clients/$clientId' })
  const show = (enrol: '1' | undefined): void => void navigate({ search: { tab: 'access', enrol }, replace: true })
  const queries = useQueryClient()
  const [isAskedFor, setAskedFor] = useState(false)
  const [token, setToken] = useState<string>()
  const enrol = (): void => {
    setAskedFor(true)
    show('1')
  }
  const close = (): void => {
    setAskedFor(false)
    show(undefined)
  }
  const rotate = async (): Promise<void> => {
    const { token: made } = await api.post<{ readonly token: string }>(`/api/v1/clients/${client.id}/token`)
    // Nothing is to be replaced any more, and nothing was: a new one was given by hand.
    queries.setQueryData(clientQuery(client.id).queryKey, (known) => known && { ...known, isTokenRotationWanted: false })
    setToken(made)
    await refreshClients()
  }
  const revoke = async (): Promise<void> => {
    await api.delete(`/api/v1/clients/${client.id}/token`)
    setToken(undefined)
    showNotice({ tone: 'good', title: text.revoked })
    await refreshClients()
  }
  return (
    <>
      {client.isEnrolled ? <EnrolAgainHint /> : null}
      <Group gap="xs">
        <Button leftSection={<IconPlugConnected size={18} aria-hidden />} onClick={enrol}>
          {client.isEnrolled ? text.enrolAgain : text.enrol}
        </Button>
        <ConfirmButton
          leftSection={<IconRefresh size={18} aria-hidden />}
          title={text.rotateTitle}
          question={text.rotateQuestion}
          confirmLabel={text.rotate}
          onConfirm={rotate}
        >
          {text.rotate}
        </ConfirmButton>
        {client.isEnrolled ? (
          <ConfirmButton
            danger
            leftSection={<IconTrash size={18} aria-hidden />}
            title={text.revokeTitle}
            question={text.revokeQuestion}
            confirmLabel={text.revoke}
            onConfirm={revoke}
          >
            {text.revoke}
          </ConfirmButton>
        ) : null}
      </Group>
      {client.isEnrolled ? <TokenReplacement key={`${client.id} ${token ?? ''}`} client={client} /> : null}
      {token === undefined ? null : <NewToken token={token} />}
      {isEnrolling ? <EnrolDialog clientId={client.id} isAskedFor={isAskedFor} onClose={close} /> : null}
    </>
  )
}

function EnrolAgainHint(): ReactElement {
  const text = useMessages(settingsMessages)
  return (
    <Text size="sm" c="dimmed">
      {text.enrolAgainHint}
    </Text>
  )
}

function NewToken({ token }: { readonly token: string }): ReactElement {
  const text = useMessages(settingsMessages)
  return (
    <Stack gap={4} role="status">
      <Text fw={600}>{text.rotated}</Text>
      <Text size="sm" c="dimmed">
        {text.rotatedHint}
      </Text>
      <CopyText value={token} label={text.token} />
    </Stack>
  )
}

interface EnrolDialogProps {
  readonly clientId: number
  readonly isAskedFor: boolean
  readonly onClose: () => void
}

function EnrolDialog({ clientId, isAskedFor, onClose }: EnrolDialogProps): ReactElement {
  const text = useMessages(settingsMessages)
  const enrolment = useMessages(enrolmentMessages)
  return (
    <Modal opened onClose={onClose} title={text.enrol} size="lg" closeButtonProps={{ 'aria-label': enrolment.close }}>
      <EnrolmentPanel clientId={clientId} isAskedFor={isAskedFor} />
    </Modal>
  )
}
