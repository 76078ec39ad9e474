import type { Retention, Role } from '@holdfast/protocol'
import { Checkbox, Fieldset, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { ToldOnce, UNTIL_DONE } from '../../ui/told-once.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { signInMethodsQuery } from '../sign-in/queries.ts'
import { PasswordField } from './password-field.tsx'
import { users, usersQuery } from './queries.ts'
import { RefusedPassword } from './refused-password.tsx'
import { RoleField } from './role-field.tsx'
import { usersMessages } from './users-messages.ts'

const USERNAME = /^[\p{L}\p{N}_.@+-]{1,50}$/u
const PASSWORD_MIN = 10

/** Adds a user, and shows the password once more for whoever has to tell it. */
export function AddUserDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const text = useMessages(usersMessages)
  const [made, setMade] = useState<{ readonly username: string; readonly password: string }>()
  return (
    <Modal
      opened
      onClose={onClose}
      title={made === undefined ? text.addTitle : text.userAdded}
      size="lg"
      {...(made === undefined ? { closeOnClickOutside: false } : UNTIL_DONE)}
      closeButtonProps={{ 'aria-label': text.close }}
    >
      {made === undefined ? (
        <UserForm
          onCancel={onClose}
          onAdded={(username, password) => (password === undefined ? onClose() : setMade({ username, password }))}
        />
      ) : (
        <ToldOnce label={text.password} value={made.password} doneLabel={text.done} onDone={onClose}>
          <Text size="sm">{text.tellPassword(made.username)}</Text>
        </ToldOnce>
      )}
    </Modal>
  )
}

interface UserFormProps {
  readonly onAdded: (username: string, password: string | undefined) => void
  readonly onCancel: () => void
}

interface UserFields {
  readonly username: string
  /** Undefined: there is none, and single sign-on alone opens the account. */
  readonly password: string | undefined
  readonly role: Role
  readonly retention: Retention | null
}

const FIRST: UserFields = { username: '', password: '', role: 'operator', retention: null }

function UserForm({ onAdded, onCancel }: UserFormProps): ReactElement {
  const text = useMessages(usersMessages)
  const [fields, setFields] = useState(FIRST)
  const [isTried, setTried] = useState(false)
  const { mutate, isPending, error } = useAddUser(onAdded)
  const failure = useFormFailure(error, fields)
  const said = useFieldErrors(failure)
  const { username, password, role, retention } = fields
  const isNamed = USERNAME.test(username)
  const isShort = password !== undefined && password.length < PASSWORD_MIN
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (isNamed && !isShort) mutate(fields)
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          label={text.username}
          description={text.usernameHelp}
          value={username}
          onChange={(event) => setFields({ ...fields, username: event.currentTarget.value })}
          error={isTried && !isNamed ? text.usernameWrong : said.username}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={50}
          data-autofocus
          required
          withAsterisk={false}
        />
        <PasswordField
          value={password ?? ''}
          onChange={(typed) => setFields({ ...fields, password: typed })}
          error={isTried && isShort ? text.passwordShort : said.password}
          isDisabled={password === undefined}
        />
        <WithoutPassword
          isWithout={password === undefined}
          onChange={(isWithout) => setFields({ ...fields, password: isWithout ? undefined : '' })}
        />
        <RoleField value={role} onChange={(chosen) => setFields({ ...fields, role: chosen })} />
        <Fieldset legend={text.retention}>
          <RetentionFields value={retention} onChange={(chosen) => setFields({ ...fields, retention: chosen })} />
        </Fieldset>
        {failure === null ? null : <RefusedPassword failure={failure} />}
        <FormActions label={text.add} isBusy={isPending} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

function useAddUser(onAdded: UserFormProps['onAdded']) {
  const text = useMessages(usersMessages)
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: ({ password, ...fields }: UserFields) => users.add({ ...fields, ...(password === undefined ? {} : { password }) }),
    onSuccess: (_user, { username, password }) => {
      void queryClient.invalidateQueries({ queryKey: usersQuery.queryKey })
      showNotice({ tone: 'good', title: text.userAdded, message: username })
      onAdded(username, password)
    },
  })
}

/** Only where there is another way in. */
function WithoutPassword({
  isWithout,
  onChange,
}: {
  readonly isWithout: boolean
  readonly onChange: (isWithout: boolean) => void
}): ReactElement | null {
  const text = useMessages(usersMessages)
  const { data } = useQuery(signInMethodsQuery)
  if (data === undefined || data.singleSignOn === null) return null
  return <Checkbox label={text.withoutPassword} checked={isWithout} onChange={(event) => onChange(event.currentTarget.checked)} />
}
