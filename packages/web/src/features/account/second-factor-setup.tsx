import type { SecondFactorSecret } from '@holdfast/protocol'
import { Anchor, Center, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { CopyText } from '../../ui/copy-text.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { PasswordStep } from './password-step.tsx'
import { ownAccount } from './queries.ts'
import { RecoveryCodes } from './recovery-codes.tsx'
import { secondFactorMessages } from './second-factor-messages.ts'

/** The way to a second factor: password, secret, a code that shows that the app has it, recovery codes. */
export function SecondFactorSetup({ onClose }: { readonly onClose: () => void }): ReactElement {
  const text = useMessages(secondFactorMessages)
  const [codes, setCodes] = useState<readonly string[]>()
  const begin = useMutation({ mutationFn: ownAccount.beginSecondFactor })
  const take = (recoveryCodes: readonly string[]): void => {
    setCodes(recoveryCodes)
    showNotice({ tone: 'good', title: text.turnedOn })
  }
  const isDone = codes !== undefined
  return (
    <Modal
      opened
      onClose={onClose}
      title={isDone ? text.codesTitle : text.setUpTitle}
      closeOnClickOutside={false}
      closeOnEscape={!isDone}
      withCloseButton={!isDone}
      closeButtonProps={{ 'aria-label': text.cancel }}
    >
      {isDone ? <RecoveryCodes codes={codes} onKept={onClose} /> : null}
      {isDone || begin.data === undefined ? null : <CodeProof secret={begin.data} onCodes={take} onCancel={onClose} />}
      {isDone || begin.data !== undefined ? null : (
        <Stack gap="sm">
          <Text size="sm">{text.stepPassword}</Text>
          <PasswordStep isBusy={begin.isPending} failure={begin.error} onPassword={begin.mutate} onCancel={onClose} />
        </Stack>
      )}
    </Modal>
  )
}

interface CodeProofProps {
  readonly secret: SecondFactorSecret
  readonly onCodes: (codes: readonly string[]) => void
  readonly onCancel: () => void
}

function CodeProof({ secret, onCodes, onCancel }: CodeProofProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  const [code, setCode] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: ownAccount.confirmSecondFactor,
    onSuccess: ({ recoveryCodes }) => onCodes(recoveryCodes),
  })
  const failure = useFormFailure(error, code)
  const isWrong = failure instanceof ApiFailure && failure.problem.code === 'auth.failed'
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate(code.trim())
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{text.stepScan}</Text>
        <Center>
          <QrCode value={secret.url} label={text.picture} />
        </Center>
        <Text size="sm">{text.stepType}</Text>
        <CopyText value={grouped(secret.secret)} label={text.secret} />
        <Anchor href={secret.url} size="sm">
          {text.onThisDevice}
        </Anchor>
        <Text size="sm">{text.stepCode}</Text>
        <TextInput
          label={text.code}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={10}
          error={isWrong ? text.wrongCode : undefined}
          data-autofocus
          required
          withAsterisk={false}
        />
        {failure === null || isWrong ? null : <FailureNotice failure={failure} />}
        <FormActions label={text.confirm} isBusy={isPending} onCancel={onCancel} mt="xs" />
      </Stack>
    </form>
  )
}

/** In fours, as people read long words; apps take the gaps out. */
function grouped(secret: string): string {
  return secret.replaceAll(/(.{4})(?=.)/g, '$1 ')
}
