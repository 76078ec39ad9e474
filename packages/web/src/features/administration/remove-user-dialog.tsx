import type { ClientPage, User } from '@holdfast/protocol'
import { List, NativeSelect, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useMe } from '../../app/session.tsx'
import { ConfirmDialog } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { clientsOfQuery, handOverClients, users, usersQuery } from './queries.ts'
import { usersMessages } from './users-messages.ts'

const SHOWN_MAX = 6

export interface RemoveUserDialogProps {
  readonly user: User
  readonly others: readonly User[]
  readonly onClose: () => void
}

/** Deletes a user. Clients are never left without an owner: they are handed over first. */
export function RemoveUserDialog({ user, others, onClose }: RemoveUserDialogProps): ReactElement {
  const text = useMessages(usersMessages)
  const queryClient = useQueryClient()
  const me = useMe()
  const [heirId, setHeirId] = useState(me.id)
  const { data, error } = useQuery(clientsOfQuery(user.id))
  const hasClients = data !== undefined && data.items.length > 0
  const remove = async (): Promise<void> => {
    if (hasClients) await handOverClients(user.id, heirId)
    await users.remove(user.id)
    for (const noun of [usersQuery.queryKey, ['clients'], ['channels']]) void queryClient.invalidateQueries({ queryKey: noun })
    showNotice({ tone: 'good', title: text.userRemoved, message: user.username })
  }
  const heirs = others.filter(({ isDisabled }) => !isDisabled).map(({ id, username }) => ({ value: String(id), label: username }))
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={text.removeTitle(user.username)}
      confirmLabel={hasClients ? text.handOverAndRemove : text.remove}
      danger
      onConfirm={remove}
      question={
        <Stack gap="sm">
          {error === null ? null : <FailureNotice failure={error} />}
          {data === undefined && error === null ? <Waiting lines={2} /> : null}
          {hasClients ? <OwnedClients page={data} /> : null}
          {hasClients ? (
            <NativeSelect
              label={text.newOwner}
              value={String(heirId)}
              onChange={(event) => setHeirId(Number(event.currentTarget.value))}
              data={heirs}
            />
          ) : null}
          <Text size="sm">{text.removeQuestion}</Text>
        </Stack>
      }
    />
  )
}

function OwnedClients({ page: { items, next } }: { readonly page: ClientPage }): ReactElement {
  const text = useMessages(usersMessages)
  return (
    <div>
      <Text size="sm">{text.removeOwns(items.length, next !== null)}</Text>
      <List size="sm" my={4}>
        {items.slice(0, SHOWN_MAX).map(({ id, name }) => (
          <List.Item key={id}>
            <FileName>{name}</FileName>
          </List.Item>
        ))}
        {items.length > SHOWN_MAX ? <List.Item>{text.andMore(items.length - SHOWN_MAX)}</List.Item> : null}
      </List>
      <Text size="sm">{text.removeHandOver}</Text>
      <Text size="sm" c="dimmed" mt={4}>
        {text.removeInstead}
      </Text>
    </div>
  )
}
