import type { User } from '@holdfast/protocol'
import { Fieldset, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { meQuery, useMe } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { users, usersQuery } from './queries.ts'
import { RoleField } from './role-field.tsx'
import { usersMessages } from './users-messages.ts'

export interface EditUserDialogProps {
  readonly user: User
  readonly onClose: () => void
}

/** Changes what a user may do, and how long snapshots are kept of clients that do not say so themselves. */
export function EditUserDialog({ user, onClose }: EditUserDialogProps): ReactElement {
  const text = useMessages(usersMessages)
  const me = useMe()
  const [role, setRole] = useState(user.role)
  const [retention, setRetention] = useState(user.retention)
  const { mutate, isPending, error } = useSave(user, onClose)
  const failure = useFormFailure(error, { role, retention })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate({ retention, ...(role === user.role ? {} : { role }) })
  }
  return (
    <Modal opened onClose={onClose} title={text.editTitle(user.username)} size="lg" closeButtonProps={{ 'aria-label': text.close }}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <RoleField value={role} onChange={setRole} locked={user.id === me.id ? text.ownRole : undefined} />
          <Fieldset legend={text.retention}>
            <Text size="sm" c="dimmed" mb="xs">
              {text.retentionHelp}
            </Text>
            <RetentionFields value={retention} onChange={setRetention} errors={useRetentionErrors(failure)} />
          </Fieldset>
          {failure === null ? null : <FailureNotice failure={failure} />}
          <FormActions label={text.save} isBusy={isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  )
}

function useSave({ id, username }: User, onSaved: () => void) {
  const text = useMessages(usersMessages)
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (changes: Parameters<typeof users.change>[1]) => users.change(id, changes),
    onSuccess: () => {
      for (const { queryKey } of [usersQuery, meQuery]) void queryClient.invalidateQueries({ queryKey })
      showNotice({ tone: 'good', title: text.saved, message: username })
      onSaved()
    },
  })
}

/** What is wrong with the fields of the retention, by their own names. */
function useRetentionErrors(failure: unknown): Readonly<Record<string, string>> {
  const errors = Object.entries(useFieldErrors(failure)).filter(([path]) => path.startsWith('retention.'))
  return Object.fromEntries(errors.map(([path, message]) => [path.slice('retention.'.length), message]))
}
