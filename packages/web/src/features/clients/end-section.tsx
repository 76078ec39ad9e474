import type { Client, SnapshotPage } from '@holdfast/protocol'
import { Group, Stack, Text } from '@mantine/core'
import { IconBan, IconShieldCheck, IconTrash } from '@tabler/icons-react'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { refreshClients } from './queries.ts'
import { settingsMessages } from './settings-messages.ts'
import { useChangeClient } from './use-change-client.ts'

const COUNTED_MAX = 200

/** Ends the protection of a client, for a while or for ever, after saying what that means. */
export function EndSection({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  return (
    <Section title={text.end}>
      <Stack gap="md">
        <Group justify="space-between" gap="sm">
          <Text size="sm" c="dimmed" style={{ flex: '1 1 16rem' }}>
            {text.disableHint}
          </Text>
          <DisableButton client={client} />
        </Group>
        <Group justify="space-between" gap="sm">
          <Text size="sm" c="dimmed" style={{ flex: '1 1 16rem' }}>
            {text.deleteHint}
          </Text>
          <RemoveButton client={client} />
        </Group>
      </Stack>
    </Section>
  )
}

function DisableButton({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const { mutateAsync } = useChangeClient(client.id)
  const change = async (isDisabled: boolean): Promise<void> => {
    await mutateAsync({ isDisabled })
    showNotice({ tone: 'good', title: isDisabled ? text.disabled : text.enabled })
  }
  if (client.isDisabled)
    return (
      <ConfirmButton
        leftSection={<IconShieldCheck size={18} aria-hidden />}
        title={text.enable}
        question={<FileName>{client.name}</FileName>}
        confirmLabel={text.enable}
        onConfirm={() => change(false)}
      >
        {text.enable}
      </ConfirmButton>
    )
  return (
    <ConfirmButton
      leftSection={<IconBan size={18} aria-hidden />}
      title={text.disableTitle}
      question={<Question name={client.name}>{text.disableQuestion}</Question>}
      confirmLabel={text.disable}
      onConfirm={() => change(true)}
    >
      {text.disable}
    </ConfirmButton>
  )
}

function RemoveButton({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const navigate = useNavigate()
  const remove = async (): Promise<void> => {
    await api.delete(`/api/v1/clients/${client.id}?withSnapshots=true`)
    showNotice({ tone: 'good', title: text.removed, message: <FileName>{client.name}</FileName> })
    await navigate({ to: '/clients', ignoreBlocker: true })
    await refreshClients()
  }
  return (
    <ConfirmButton
      danger
      leftSection={<IconTrash size={18} aria-hidden />}
      title={text.removeTitle}
      question={<RemoveQuestion client={client} />}
      confirmLabel={text.remove}
      onConfirm={remove}
    >
      {text.remove}
    </ConfirmButton>
  )
}

/** Counts when it is asked: what stays shall be said as it is then. */
function RemoveQuestion({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const { data, error, refetch } = useQuery(
    queryOptions({
      queryKey: ['snapshots', 'count-of-client', client.id],
      queryFn: ({ signal }) => api.get<SnapshotPage>('/api/v1/snapshots', { query: { clientId: client.id, limit: COUNTED_MAX }, signal }),
    }),
  )
  return (
    <Question name={client.name}>
      <Text size="sm">{text.removeGoes}</Text>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      <Text size="sm" fw={600} mih="4.5em" mt="xs">
        {data === undefined ? null : data.items.length === 0 ? (
          text.noSnapshots
        ) : (
          <>
            {text.snapshotsStay(data.items.length, data.next !== null)} {text.snapshotsOrphaned}
          </>
        )}
      </Text>
    </Question>
  )
}

/** Names the client first: it shall be the right one. */
function Question({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <Stack gap="xs">
      <Text fw={600} component="div">
        <FileName>{name}</FileName>
      </Text>
      <div>{children}</div>
    </Stack>
  )
}
