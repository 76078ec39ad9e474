import { Button, Group, PasswordInput, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useEffect, useRef, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useMe } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { fieldMessages } from '../../ui/field-messages.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { welcomeMessages } from './messages.ts'
import { choosePassword } from './queries.ts'
import { StepCard } from './step-card.tsx'
import type { StepProps } from './welcome-page.tsx'

const LENGTH_MIN = 10

/** Replaces the password that the server made up. */
export function PasswordStep({ isNext, goTo }: StepProps): ReactElement {
  const text = useMessages(welcomeMessages)
  const fieldWords = useMessages(fieldMessages)
  const { username } = useMe()
  const [password, setPassword] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const { mutate, error, isPending } = useMutation({ mutationFn: () => choosePassword(password), onSuccess: () => goTo({}) })
  // There is nothing else to do on this page.
  useEffect(() => field.current?.focus(), [])
  const failure = useFormFailure(error, password)
  const { password: wrong } = useFieldErrors(failure)
  const refused =
    failure instanceof ApiFailure && failure.status === 422 ? (wrong ?? fieldWords.refused(failure.problem.detail)) : undefined
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate()
  }
  return (
    <StepCard title={text.passwordTitle} lead={text.passwordLead} takesFocus={isNext}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {/* For password managers, which keep name and password together. */}
          <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
          <PasswordInput
            ref={field}
            label={text.password}
            description={text.passwordHint}
            name="password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': text.passwordShow }}
            minLength={LENGTH_MIN}
            maxLength={200}
            error={refused}
            required
            withAsterisk={false}
          />
          {failure === null || refused !== undefined ? null : <FailureNotice failure={failure} />}
          <Group justify="flex-end">
            <Button type="submit" loading={isPending} disabled={password.length < LENGTH_MIN}>
              {text.passwordSave}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  )
}
