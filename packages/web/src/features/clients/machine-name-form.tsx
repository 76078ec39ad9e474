import { Button, Group, Stack, TextInput } from '@mantine/core'
import { type FormEvent, type ReactElement, type ReactNode, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { enrolmentMessages } from './enrolment-messages.ts'

export interface MachineNameFormProps {
  readonly hint: string
  /** What submitting does. */
  readonly label: string
  readonly variant?: 'filled' | 'default'
  readonly isBusy: boolean
  readonly failure: Error | null
  readonly onName: (name: string) => void
  /** Further fields. */
  readonly children?: ReactNode
}

/** Asks how a machine is to be called, before it comes in. */
export function MachineNameForm({
  hint,
  label,
  variant = 'filled',
  isBusy,
  failure,
  onName,
  children,
}: MachineNameFormProps): ReactElement {
  const text = useMessages(enrolmentMessages)
  const [name, setName] = useState('')
  const told = useFormFailure(failure, name)
  const wrong = useFieldErrors(told).name
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onName(name.trim())
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={text.name}
          description={hint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
          required
          withAsterisk={false}
          data-autofocus
          error={wrong}
        />
        {children}
        {told === null || wrong !== undefined ? null : <FailureNotice failure={told} />}
        <Group justify="flex-end">
          <Button type="submit" variant={variant} loading={isBusy} disabled={name.trim() === ''}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
