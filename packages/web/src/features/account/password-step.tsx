import { Button, Group, PasswordInput, Stack } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { secondFactorMessages } from './second-factor-messages.ts'

export interface PasswordStepProps {
  readonly isBusy: boolean
  readonly failure: unknown
  readonly onPassword: (password: string) => void
  readonly onCancel: () => void
}

/** Asks somebody who is signed in for the password once more, before what a stolen session must not do. */
export function PasswordStep({ isBusy, failure, onPassword, onCancel }: PasswordStepProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  const [password, setPassword] = useState('')
  const isWrong = failure instanceof ApiFailure && failure.problem.code === 'auth.failed'
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onPassword(password)
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <PasswordInput
          label={text.currentPassword}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          maxLength={200}
          error={isWrong ? text.wrongPassword : undefined}
          visibilityToggleButtonProps={{ 'aria-label': text.showPassword }}
          data-autofocus
          required
          withAsterisk={false}
        />
        {failure === null || isWrong ? null : <FailureNotice failure={failure} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {text.cancel}
          </Button>
          <Button type="submit" loading={isBusy}>
            {text.next}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
