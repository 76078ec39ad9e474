import type { ChangeSecondFactor } from '@holdfast/protocol'
import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { ownAccount } from './queries.ts'
import { RecoveryCodes } from './recovery-codes.tsx'
import { secondFactorMessages } from './second-factor-messages.ts'

/** Makes new recovery codes; the old ones end. */
export function NewCodesDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const text = useMessages(secondFactorMessages)
  const { mutate, isPending, error, data } = useMutation({ mutationFn: ownAccount.renewRecoveryCodes })
  const isDone = data !== undefined
  return (
    <Modal
      opened
      onClose={onClose}
      title={isDone ? text.codesTitle : text.proofNewTitle}
      closeOnClickOutside={false}
      closeOnEscape={!isDone}
      withCloseButton={!isDone}
      closeButtonProps={{ 'aria-label': text.cancel }}
    >
      {isDone ? (
        <RecoveryCodes codes={data.recoveryCodes} onKept={onClose} />
      ) : (
        <Proof explanation={text.proofNew} label={text.makeCodes} isBusy={isPending} failure={error} onProof={mutate} onCancel={onClose} />
      )}
    </Modal>
  )
}

/** Turns the second factor off. */
export function TurnOffDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const text = useMessages(secondFactorMessages)
  const { mutate, isPending, error } = useMutation({
    mutationFn: ownAccount.removeSecondFactor,
    onSuccess: () => {
      showNotice({ tone: 'good', title: text.turnedOff })
      onClose()
    },
  })
  return (
    <Modal opened onClose={onClose} title={text.proofOffTitle} closeButtonProps={{ 'aria-label': text.cancel }}>
      <Proof
        explanation={text.proofOff}
        label={text.turnOff}
        isDanger
        isBusy={isPending}
        failure={error}
        onProof={mutate}
        onCancel={onClose}
      />
    </Modal>
  )
}

interface ProofProps {
  readonly explanation: string
  readonly label: string
  readonly isDanger?: true
  readonly isBusy: boolean
  readonly failure: unknown
  readonly onProof: (proof: ChangeSecondFactor) => void
  readonly onCancel: () => void
}

/** Password and code once more. */
function Proof({ explanation, label, isDanger, isBusy, failure, onProof, onCancel }: ProofProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const isWrong = failure instanceof ApiFailure && failure.problem.code === 'auth.failed'
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onProof({ password, code: code.trim() })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{explanation}</Text>
        <PasswordInput
          label={text.currentPassword}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          maxLength={200}
          visibilityToggleButtonProps={{ 'aria-label': text.showPassword }}
          data-autofocus
          required
          withAsterisk={false}
        />
        <TextInput
          label={text.proofCode}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="one-time-code"
          maxLength={40}
          error={isWrong ? text.wrongProof : undefined}
          required
          withAsterisk={false}
        />
        {failure === null || isWrong ? null : <FailureNotice failure={failure} />}
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={onCancel}>
            {text.cancel}
          </Button>
          <Button type="submit" loading={isBusy} {...(isDanger === true ? { color: 'red.8' } : {})}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
