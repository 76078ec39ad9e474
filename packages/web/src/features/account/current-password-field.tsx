import { PasswordInput } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { secondFactorMessages } from './second-factor-messages.ts'

export interface CurrentPasswordFieldProps {
  readonly value: string
  readonly onChange: (password: string) => void
  readonly error?: string | undefined
}

/** The password of somebody who is signed in, asked for once more. The first thing in its dialog. */
export function CurrentPasswordField({ value, onChange, error }: CurrentPasswordFieldProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  return (
    <PasswordInput
      label={text.currentPassword}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="current-password"
      maxLength={200}
      error={error}
      visibilityToggleButtonProps={{ 'aria-label': text.showPassword }}
      data-autofocus
      required
      withAsterisk={false}
    />
  )
}
