import type { Plan, Run } from '@holdfast/protocol'
import { Anchor, Button, type ButtonProps } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { planMessages } from './messages.ts'
import { refreshPlans } from './queries.ts'

export interface RunPlanButtonProps extends Pick<ButtonProps, 'size' | 'variant'> {
  readonly plan: Pick<Plan, 'id' | 'name' | 'isClientDisabled'>
}

/** Has a plan run as soon as its machine can, and says where to watch it. Where nothing can run, it says why when it is pointed at. */
export function RunPlanButton({ plan, ...button }: RunPlanButtonProps): ReactElement {
  const text = useMessages(planMessages)
  const queries = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => api.post<Run>(`/api/v1/plans/${plan.id}/run`),
    onSuccess: ({ id }) => {
      const message = (
        <>
          {text.startedHint}{' '}
          <Anchor component={Link} to={`/runs/${id}`} size="sm">
            {text.runsLink}
          </Anchor>
        </>
      )
      showNotice({ tone: 'good', title: text.started, message })
      void queries.invalidateQueries({ queryKey: ['runs'] })
      void refreshPlans()
    },
    onError: (failure) => showNotice({ tone: 'bad', title: text.notStarted(plan.name), message: failure.message }),
  })
  return (
    <Button
      variant="default"
      {...button}
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      loading={isPending}
      {...(plan.isClientDisabled ? { disabled: true, title: text.clientDisabled } : {})}
      onClick={() => mutate()}
      aria-label={text.runNowOf(plan.name)}
    >
      {text.runNow}
    </Button>
  )
}
