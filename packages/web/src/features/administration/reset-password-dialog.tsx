import type { User } from '@holdfast/protocol'
import { Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { ToldOnce, UNTIL_DONE } from '../../ui/told-once.tsx'
import { PasswordField } from './password-field.tsx'
import { users, usersQuery } from './queries.ts'
import { RefusedPassword } from './refused-password.tsx'
import { usersMessages } from './users-messages.ts'

export interface ResetPasswordDialogProps {
  readonly user: User
  readonly onClose: () => void
}

/** Sets a new password for somebody who has lost theirs, and shows it once more to be told. */
export function ResetPasswordDialog({ user, onClose }: ResetPasswordDialogProps): ReactElement {
  const text = useMessages(usersMessages)
  const queryClient = useQueryClient()
  const [password, setPassword] = useState('')
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: () => users.change(user.id, { password }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: usersQuery.queryKey }),
  })
  const failure = useFormFailure(error, password)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={isSuccess ? text.passwordSet : text.resetTitle(user.username)}
      {...(isSuccess ? UNTIL_DONE : {})}
      closeButtonProps={{ 'aria-label': text.close }}
    >
      {isSuccess ? (
        <ToldOnce label={text.password} value={password} doneLabel={text.done} onDone={onClose}>
          <Text size="sm">{text.tellPassword(user.username)}</Text>
        </ToldOnce>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="md">
            <Text size="sm">{text.resetHelp}</Text>
            <PasswordField value={password} onChange={setPassword} />
            {failure === null ? null : <RefusedPassword failure={failure} />}
            <FormActions label={text.setPassword} isBusy={isPending} isDisabled={password === ''} onCancel={onClose} />
          </Stack>
        </form>
      )}
    </Modal>
  )
}
