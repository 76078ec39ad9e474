import type { ForgetPlanView, SnapshotView } from '@holdfast/protocol'
import { Alert, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { ConfirmDialog } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormat } from '../../ui/format.ts'
import { shownText } from '../../ui/message-text.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { snapshotMessages } from './messages.ts'
import { forgetPlanQuery } from './queries.ts'
import { forgetSnapshot } from './snapshot-mutations.ts'

export interface ForgetDialogProps {
  readonly snapshot: SnapshotView
  readonly onClose: () => void
  /** Called when the snapshot is gone. */
  readonly onForgotten?: () => void
}

/** Asks before a snapshot is forgotten, and says what is lost with it. */
export function ForgetDialog({ snapshot, onClose, onForgotten }: ForgetDialogProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const format = useFormat()
  const plan = useQuery(forgetPlanQuery(snapshot.id))
  const forget = async (): Promise<void> => {
    await forgetSnapshot(snapshot.id)
    showNotice({ title: text.forgotten, tone: 'good' })
    onForgotten?.()
  }
  const question = (
    <Stack gap="sm">
      <Text size="sm">{shownText(text.forgetWhat(format.second(snapshot.time), snapshot.clientName ?? snapshot.hostname))}</Text>
      {plan.isError ? <FailureNotice failure={plan.error} retry={() => void plan.refetch()} /> : null}
      {plan.isPending ? <Waiting lines={3} /> : null}
      {plan.data === undefined ? null : <Loss plan={plan.data} />}
    </Stack>
  )
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={text.forgetTitle}
      question={question}
      confirmLabel={text.forgetConfirm}
      danger
      onConfirm={forget}
    />
  )
}

function Loss({ plan }: { readonly plan: ForgetPlanView }): ReactElement {
  const text = useMessages(snapshotMessages)
  const format = useFormat()
  const { lostVersionCount: count, lostVersionBytes: bytes, isNewest, remainingCount, snapshot } = plan
  const lost = count === null ? text.forgetUnknown : count === 0 ? text.forgetNothingLost : text.forgetLost(count, format.bytes(bytes ?? 0))
  return (
    <>
      <Alert color={count === 0 ? 'gray' : 'orange'} variant="light" icon={<IconAlertTriangle aria-hidden />} p="sm">
        <Text size="sm">{lost}</Text>
        {isNewest ? <Text size="sm">{text.forgetNewest}</Text> : null}
        {snapshot.isPinned ? <Text size="sm">{text.forgetPinned}</Text> : null}
      </Alert>
      <Text size="sm" c="dimmed">
        {text.forgetRemaining(remainingCount)} {text.forgetPrune}
      </Text>
    </>
  )
}
