import type { User } from '@holdfast/protocol'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { CopyText } from '../../ui/copy-text.tsx'
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
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={isSuccess ? text.passwordSet : text.resetTitle(user.username)}
      closeOnClickOutside={!isSuccess}
      closeButtonProps={{ 'aria-label': text.close }}
    >
      {isSuccess ? (
        <Stack gap="md">
          <Text size="sm">{text.tellPassword(user.username)}</Text>
          <CopyText value={password} label={text.password} />
          <Group justify="flex-end">
            <Button onClick={onClose}>{text.done}</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="md">
            <Text size="sm">{text.resetHelp}</Text>
            <PasswordField value={password} onChange={setPassword} />
            {error === null ? null : <RefusedPassword failure={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {text.cancel}
              </Button>
              <Button type="submit" loading={isPending} disabled={password === ''}>
                {text.setPassword}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
