import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useMe } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { accountMessages } from './messages.ts'
import { ownAccount, sessionsQuery } from './queries.ts'

const LENGTH_MIN = 10

/** Changes one's own password. */
export function PasswordSection(): ReactElement {
  const text = useMessages(accountMessages)
  const { hasPassword } = useMe()
  return (
    <Section title={text.password} description={hasPassword ? text.passwordHelp : undefined}>
      {hasPassword ? <PasswordForm /> : <Text size="sm">{text.noPassword}</Text>}
    </Section>
  )
}

interface PasswordFields {
  readonly current: string
  readonly password: string
  readonly repeated: string
}

const EMPTY: PasswordFields = { current: '', password: '', repeated: '' }

function PasswordForm(): ReactElement {
  const text = useMessages(accountMessages)
  const { username } = useMe()
  const [fields, setFields] = useState(EMPTY)
  const [isTried, setTried] = useState(false)
  const change = useChangePassword(() => {
    setFields(EMPTY)
    setTried(false)
  })
  const isShort = fields.password.length < LENGTH_MIN
  const isDifferent = fields.repeated !== fields.password
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (!isShort && !isDifferent) change.mutate(fields)
  }
  const input = (name: keyof PasswordFields) => ({
    value: fields[name],
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      setFields({ ...fields, [name]: event.currentTarget.value }),
    maxLength: 200,
    withAsterisk: false,
    required: true,
    visibilityToggleButtonProps: { 'aria-label': text.showPassword },
  })
  const failure = useFormFailure(change.error, fields)
  const isWrong = failure instanceof ApiFailure && failure.problem.code === 'auth.failed'
  return (
    <form onSubmit={submit}>
      <Stack gap="sm" maw={420}>
        <input type="hidden" name="username" autoComplete="username" value={username} readOnly />
        <PasswordInput
          label={text.currentPassword}
          autoComplete="current-password"
          error={isWrong ? text.wrongPassword : undefined}
          {...input('current')}
        />
        <PasswordInput
          label={text.newPassword}
          description={text.newPasswordHelp}
          autoComplete="new-password"
          error={isTried && isShort ? text.tooShort : undefined}
          {...input('password')}
        />
        <PasswordInput
          label={text.repeatPassword}
          autoComplete="new-password"
          error={isTried && isDifferent ? text.differs : undefined}
          {...input('repeated')}
        />
        {failure === null || isWrong ? null : <RefusedPassword failure={failure} />}
        <Group>
          <Button type="submit" loading={change.isPending}>
            {text.changePassword}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function useChangePassword(onChanged: () => void) {
  const text = useMessages(accountMessages)
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: ({ current, password }: PasswordFields) => ownAccount.changePassword({ currentPassword: current, password }),
    onSuccess: () => {
      showNotice({ tone: 'good', title: text.passwordChanged, message: text.otherSessionsEnded })
      void queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey })
      onChanged()
    },
  })
}

function RefusedPassword({ failure }: { readonly failure: unknown }): ReactElement {
  const text = useMessages(accountMessages)
  if (!(failure instanceof ApiFailure) || failure.status !== 422) return <FailureNotice failure={failure} />
  return (
    <Alert role="alert" color="red" variant="light" title={text.passwordRefused}>
      {failure.problem.detail}
    </Alert>
  )
}
