import type { Run } from '@holdfast/protocol'
import { Button } from '@mantine/core'
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { runMessages } from './messages.ts'
import { isMaintenanceToRetry, RetryMaintenance } from './retry-maintenance.tsx'

/** Stops a run that has not ended, after asking. Nothing for runs that have, and for people who may not. */
export function CancelRun({ run }: { readonly run: Run }): ReactElement | null {
  const text = useMessages(runMessages)
  const client = useQueryClient()
  const { mayManage } = useRights()
  if (!mayManage || run.finishedAt !== null) return null
  const cancel = async (): Promise<void> => {
    const cancelled = await api.post<Run>(`/api/v1/runs/${run.id}/cancel`)
    client.setQueryData(['runs', run.id], cancelled)
    showNotice({ title: text.cancelled, tone: 'plain' })
  }
  return (
    <ConfirmButton
      title={text.cancelTitle}
      question={text.cancelQuestion}
      confirmLabel={text.cancelConfirm}
      cancelLabel={text.cancelNot}
      danger
      disabled={run.isCancelRequested}
      leftSection={<IconPlayerStop size={16} aria-hidden />}
      onConfirm={cancel}
    >
      {run.isCancelRequested ? text.stopping : text.cancel}
    </ConfirmButton>
  )
}

/** Has done again what failed or was cancelled, and leads to the new run. Nothing where that cannot be. */
export function RetryRun({ run }: { readonly run: Run }): ReactElement | null {
  const text = useMessages(runMessages)
  const ui = useMessages(uiMessages)
  const navigate = useNavigate()
  const { mayManage, isAdmin } = useRights()
  const retry = useMutation({
    mutationFn: () => api.post<Run>(`/api/v1/runs/${run.id}/retry`),
    onSuccess: (next) => {
      showNotice({ title: text.retried, tone: 'good' })
      void navigate({ to: `/runs/${next.id}` })
    },
    onError: (failure) => showNotice({ title: ui.failed, message: failure.message, tone: 'bad' }),
  })
  if (isMaintenanceToRetry(run)) return isAdmin ? <RetryMaintenance key={run.id} run={run} /> : null
  if (!mayManage || !canRetry(run)) return null
  return (
    <Button leftSection={<IconRefresh size={16} aria-hidden />} loading={retry.isPending} onClick={() => retry.mutate()}>
      {text.retry}
    </Button>
  )
}

/** Whether the server would repeat the run. */
function canRetry({ state, kind, clientId, planId, repositoryId }: Run): boolean {
  if (state !== 'error' && state !== 'cancelled') return false
  if (clientId === null || repositoryId === null) return false
  return kind === 'restore' || (kind === 'backup' && planId !== null)
}
