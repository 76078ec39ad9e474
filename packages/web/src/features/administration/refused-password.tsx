import { Alert } from '@mantine/core'
import type { ReactElement } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { usersMessages } from './users-messages.ts'

/** Says why a password, or whatever else went with it, was not taken. */
export function RefusedPassword({ failure }: { readonly failure: unknown }): ReactElement {
  const text = useMessages(usersMessages)
  if (!(failure instanceof ApiFailure) || failure.status !== 422 || failure.problem.fields !== undefined)
    return <FailureNotice failure={failure} />
  return (
    <Alert role="alert" color="red" variant="light" title={text.passwordRefused}>
      {failure.problem.detail}
    </Alert>
  )
}
