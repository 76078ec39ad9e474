import { Stack } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { CurrentPasswordField } from './current-password-field.tsx'
import { secondFactorMessages } from './second-factor-messages.ts'

export interface PasswordStepProps {
  readonly isBusy: boolean
  readonly failure: unknown
  readonly onPassword: (password: string) => void
  readonly onCancel: () => void
}

/** Asks somebody who is signed in for the password once more, before what a stolen session must not do. */
export function PasswordStep({ isBusy, onPassword, onCancel, ...props }: PasswordStepProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  const [password, setPassword] = useState('')
  const failure = useFormFailure(props.failure, password)
  const isWrong = failure instanceof ApiFailure && failure.problem.code === 'auth.failed'
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onPassword(password)
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <CurrentPasswordField value={password} onChange={setPassword} error={isWrong ? text.wrongPassword : undefined} />
        {failure === null || isWrong ? null : <FailureNotice failure={failure} />}
        <FormActions label={text.next} isBusy={isBusy} onCancel={onCancel} />
      </Stack>
    </form>
  )
}
