import { Alert, Text } from '@mantine/core'
import { IconAlertTriangle, IconClock } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { signInMessages } from './messages.ts'
import type { Refusal } from './refusal.ts'

/** Says why somebody is not signed in, and what helps. Nothing while there is no reason. */
export function RefusalNotice({ refusal }: { readonly refusal: Refusal | undefined }): ReactElement | null {
  const text = useMessages(signInMessages)
  if (refusal === undefined) return null
  switch (refusal.kind) {
    case 'code-wanted':
      return null
    case 'password':
      return <Words title={text.failedTitle}>{text.wrongPassword}</Words>
    case 'code':
      return <Words title={text.failedTitle}>{text.wrongCode}</Words>
    case 'recovery-code':
      return <Words title={text.failedTitle}>{text.wrongRecoveryCode}</Words>
    case 'locked':
      return (
        <Words title={text.lockedTitle} isWait>
          {text.locked(refusal.minutes)}
        </Words>
      )
    case 'refused':
      return (
        <Words title={text.lockedTitle} isWait>
          {text.refused(refusal.minutes)}
        </Words>
      )
    case 'busy':
      return (
        <Words title={text.busyTitle} isWait>
          {text.busy}
        </Words>
      )
    case 'other':
      return <FailureNotice failure={refusal.failure} />
  }
}

function Words({ title, isWait, children }: { readonly title: string; readonly isWait?: true; readonly children: string }): ReactElement {
  const Icon = isWait === true ? IconClock : IconAlertTriangle
  return (
    <Alert role="alert" variant="light" color={isWait === true ? 'orange' : 'red'} icon={<Icon aria-hidden />} title={title}>
      <Text size="sm">{children}</Text>
    </Alert>
  )
}
