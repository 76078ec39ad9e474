import type { Maintenance, Run } from '@holdfast/protocol'
import { Button, Group, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactElement, useEffect } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { runMessages } from './messages.ts'
import { repositoryRunsQuery } from './queries.ts'

const NEWEST = 20

/** A prune or a check that has not succeeded. */
export type MaintenanceRun = Run & { readonly kind: 'maintenance' | 'check'; readonly repositoryId: number }

/** Whether a run is maintenance of a repository that is still there, and failed or was cancelled. */
export function isMaintenanceToRetry(run: Run): run is MaintenanceRun {
  const { kind, state, repositoryId } = run
  return (kind === 'maintenance' || kind === 'check') && (state === 'error' || state === 'cancelled') && repositoryId !== null
}

/** Has a prune or a check done again as it was to be, and leads to the new run when that begins. For administrators. */
export function RetryMaintenance({ run }: { readonly run: MaintenanceRun }): ReactElement {
  const text = useMessages(runMessages)
  const ui = useMessages(uiMessages)
  const { id, kind, repositoryId } = run
  const client = useQueryClient()
  const navigate = useNavigate()
  const newest = repositoryRunsQuery(repositoryId, { kinds: kind, limit: NEWEST })
  const retry = useMutation({
    mutationFn: async () => {
      // What it was repeated by before does not count.
      const { items } = await client.fetchQuery({ ...newest, staleTime: 0 })
      const maintenance = await api.post<Maintenance>(`/api/v1/repositories/${repositoryId}/maintenance/retry`, { runId: id })
      client.setQueryData(['repositories', repositoryId, 'maintenance'], maintenance)
      await client.invalidateQueries({ queryKey: newest.queryKey })
      return { newerThan: Math.max(id, ...items.map((item) => item.id)) }
    },
    onError: (failure) => showNotice({ title: ui.failed, message: failure.message, tone: 'bad' }),
  })
  const { data } = useQuery({ ...newest, enabled: retry.isSuccess })
  const next = data?.items.find((item) => item.retryOf === id && item.id > (retry.data?.newerThan ?? Number.POSITIVE_INFINITY))?.id
  useEffect(() => {
    if (next !== undefined) void navigate({ to: `/runs/${next}` })
  }, [next, navigate])
  return (
    <Group gap="xs">
      <Button
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={retry.isPending}
        disabled={retry.isSuccess}
        onClick={() => retry.mutate()}
      >
        {text.retry}
      </Button>
      <Text size="sm" role="status">
        {retry.isSuccess ? text.retryWaits : ''}
      </Text>
    </Group>
  )
}
