import { Anchor, Group, PasswordInput, Text } from '@mantine/core'
import { type ReactElement, useId, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { generatePassword } from './generated-password.ts'
import { usersMessages } from './users-messages.ts'

export interface PasswordFieldProps {
  readonly value: string
  readonly onChange: (password: string) => void
  readonly error?: string | undefined
  readonly isDisabled?: boolean
}

/** A field for the password of somebody else, with one made up on demand, which is shown: it has to be told. */
export function PasswordField({ value, onChange, error, isDisabled = false }: PasswordFieldProps): ReactElement {
  const text = useMessages(usersMessages)
  const id = useId()
  const [isVisible, setVisible] = useState(false)
  const generate = (): void => {
    onChange(generatePassword())
    setVisible(true)
  }
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text component="label" htmlFor={id} size="sm" fw={500}>
          {text.password}
        </Text>
        {isDisabled ? null : (
          <Anchor component="button" type="button" size="sm" onClick={generate}>
            {text.generate}
          </Anchor>
        )}
      </Group>
      <PasswordInput
        id={id}
        description={text.passwordHelp}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        visible={isVisible}
        onVisibilityChange={setVisible}
        visibilityToggleButtonProps={{ 'aria-label': text.showPassword }}
        autoComplete="new-password"
        maxLength={200}
        error={error}
        disabled={isDisabled}
      />
    </div>
  )
}
