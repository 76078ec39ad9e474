import type { ResticAccessView } from '@holdfast/protocol'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDatabase } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { GrantDialog } from './grant-dialog.tsx'
import { repositoryMessages } from './messages.ts'
import { resticAccessQuery } from './queries.ts'
import { ResticPasswordPanel } from './restic-password.tsx'

/** Which repositories a client may use by restic itself: given, changed and taken away by administrators, with a password shown once. */
export function ResticAccess({ clientId }: { readonly clientId: number }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { isAdmin } = useRights()
  const { data, error, refetch } = useQuery(resticAccessQuery(clientId))
  const [isOpen, { open, close }] = useDisclosure(false)
  const grant = (
    <Button size="xs" variant="default" onClick={open}>
      {text.accessGrant}
    </Button>
  )
  return (
    <Section title={text.access} description={text.accessHint} {...(isAdmin ? { actions: grant } : {})}>
      {data === undefined && error !== null ? <FailureNotice failure={error} retry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <Waiting lines={3} /> : null}
      {data === undefined ? null : <AccessContent clientId={clientId} access={data} />}
      {isOpen ? <GrantDialog clientId={clientId} onClose={close} /> : null}
    </Section>
  )
}

interface AccessContentProps {
  readonly clientId: number
  readonly access: ResticAccessView
}

function AccessContent({ clientId, access }: AccessContentProps): ReactElement {
  const text = useMessages(repositoryMessages)
  if (access.repositories.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {text.accessNone}
      </Text>
    )
  }
  return (
    <Stack gap="md">
      <RowList label={text.access}>
        {access.repositories.map((grant) => (
          <GrantRow key={grant.repositoryId} clientId={clientId} grant={grant} />
        ))}
      </RowList>
      <ResticPasswordPanel clientId={clientId} access={access} />
      <Text size="sm" c="dimmed">
        {text.accessReadsAll}
      </Text>
    </Stack>
  )
}

interface GrantRowProps {
  readonly clientId: number
  readonly grant: ResticAccessView['repositories'][number]
}

function GrantRow({ clientId, grant }: GrantRowProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const format = useFormat()
  const { repositoryName, isFull, quotaBytes, usedBytes } = grant
  const used = format.bytes(usedBytes)
  const room = quotaBytes === null ? text.accessUsedFree(used) : text.accessUsed(used, format.bytes(quotaBytes))
  return (
    <Row
      icon={<IconDatabase size={20} aria-hidden />}
      title={<FileName>{repositoryName}</FileName>}
      actions={<GrantActions clientId={clientId} grant={grant} />}
    >
      {isFull ? text.accessMayRemove : text.accessAppendOnly} · {room}
    </Row>
  )
}

function GrantActions({ clientId, grant }: GrantRowProps): ReactElement | null {
  const text = useMessages(repositoryMessages)
  const client = useQueryClient()
  const { isAdmin } = useRights()
  const [isOpen, { open, close }] = useDisclosure(false)
  if (!isAdmin) return null
  const withdraw = async (): Promise<void> => {
    await api.delete(`/api/v1/clients/${clientId}/restic/repositories/${grant.repositoryId}`)
    await client.invalidateQueries({ queryKey: resticAccessQuery(clientId).queryKey })
  }
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" onClick={open} aria-label={`${text.accessChange}: ${grant.repositoryName}`}>
        {text.accessChange}
      </Button>
      <ConfirmButton
        size="xs"
        title={text.accessWithdrawTitle}
        question={text.accessWithdrawQuestion}
        confirmLabel={text.accessWithdraw}
        danger
        onConfirm={withdraw}
      >
        {text.accessWithdraw}
      </ConfirmButton>
      {isOpen ? <GrantDialog clientId={clientId} grant={grant} onClose={close} /> : null}
    </Group>
  )
}
