import { Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { signInMessages } from './messages.ts'
import type { CodeKind, Refusal } from './refusal.ts'
import { RefusalNotice } from './refusal-notice.tsx'

export interface CodeStepProps {
  readonly isBusy: boolean
  readonly refusal: Refusal | undefined
  readonly onBack: () => void
  readonly onCode: (code: string, kind: CodeKind) => void
}

/** The second step of signing in: a code of the authenticator, or a recovery code. */
export function CodeStep({ isBusy, refusal, onBack, onCode }: CodeStepProps): ReactElement {
  const text = useMessages(signInMessages)
  const [isRecovery, setRecovery] = useState(false)
  const [code, setCode] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onCode(code.trim(), isRecovery ? 'recovery' : 'authenticator')
  }
  const change = (): void => {
    setRecovery(!isRecovery)
    setCode('')
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{isRecovery ? text.recoveryExplained : text.codeExplained}</Text>
        <RefusalNotice refusal={refusal} />
        <TextInput
          key={isRecovery ? 'recovery' : 'authenticator'}
          label={isRecovery ? text.recoveryCode : text.code}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          name="code"
          autoComplete={isRecovery ? 'off' : 'one-time-code'}
          inputMode={isRecovery ? 'text' : 'numeric'}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={40}
          required
          withAsterisk={false}
          autoFocus
        />
        <Button type="submit" loading={isBusy} mt="xs" fullWidth>
          {text.signIn}
        </Button>
        <Group justify="space-between" gap="xs">
          <Anchor component="button" type="button" size="sm" onClick={onBack}>
            {text.back}
          </Anchor>
          <Anchor component="button" type="button" size="sm" onClick={change}>
            {isRecovery ? text.useAuthenticator : text.useRecoveryCode}
          </Anchor>
        </Group>
      </Stack>
    </form>
  )
}
