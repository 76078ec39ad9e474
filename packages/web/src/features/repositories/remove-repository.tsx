import type { PlanPage, RepositoryView } from '@holdfast/protocol'
import { Anchor, List, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { repositoryMessages } from './messages.ts'
import { refreshRepositories, repositoryPlansQuery, repositoryQuery } from './queries.ts'

/** The way of a repository out of the list. While plans use it, it leads to these instead. */
export function RemoveRepository({ repository: { id } }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const navigate = useNavigate()
  const client = useQueryClient()
  const plans = useQuery(repositoryPlansQuery(id))
  const isUsed = (plans.data?.items.length ?? 0) > 0
  const remove = async (): Promise<void> => {
    try {
      await api.delete(`/api/v1/repositories/${id}`)
    } catch (failure) {
      // A plan may have come to it meanwhile.
      await client.invalidateQueries({ queryKey: repositoryPlansQuery(id).queryKey })
      throw failure
    }
    showNotice({ title: text.removed, tone: 'good' })
    await navigate({ to: '/repositories', ignoreBlocker: true })
    client.removeQueries({ queryKey: repositoryQuery(id).queryKey })
    await refreshRepositories()
  }
  return (
    <ConfirmButton
      size="xs"
      title={isUsed ? text.removeUsedTitle : text.removeTitle}
      question={<RemoveQuestion repositoryId={id} />}
      confirmLabel={text.removeConfirm}
      danger
      isConfirmable={plans.data !== undefined ? !isUsed : plans.isError}
      onConfirm={remove}
    >
      {text.remove}
    </ConfirmButton>
  )
}

/** Asks while nothing uses the repository; else says what does. Shown, it looks anew. */
function RemoveQuestion({ repositoryId }: { readonly repositoryId: number }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { data, error, refetch } = useQuery({ ...repositoryPlansQuery(repositoryId), refetchOnMount: 'always' })
  if (data !== undefined) return data.items.length === 0 ? <Text size="sm">{text.removeQuestion}</Text> : <UsedBy plans={data} />
  if (error === null) return <Waiting lines={3} />
  return (
    <Stack gap="sm">
      <Text size="sm">{text.removeQuestion}</Text>
      <FailureNotice title={text.removePlansFailed} failure={error} retry={() => void refetch()} />
    </Stack>
  )
}

function UsedBy({ plans: { items, next } }: { readonly plans: PlanPage }): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Stack gap="sm">
      <Text size="sm">{text.removeUsed}</Text>
      <List size="sm" aria-label={text.removeUsedList} spacing={4}>
        {items.map(({ id, name, clientName }) => (
          <List.Item key={id}>
            <Anchor component={Link} to={`/plans/${id}`} size="sm">
              <FileName>{name}</FileName>
            </Anchor>{' '}
            (<FileName>{clientName}</FileName>)
          </List.Item>
        ))}
      </List>
      {next === null ? null : <Text size="sm">{text.removeUsedMore}</Text>}
    </Stack>
  )
}
