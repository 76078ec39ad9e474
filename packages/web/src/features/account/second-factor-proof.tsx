import type { ChangeSecondFactor } from '@holdfast/protocol'
import { Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { CurrentPasswordField } from './current-password-field.tsx'
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
function Proof({ explanation, label, isDanger, isBusy, onProof, onCancel, ...props }: ProofProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const failure = useFormFailure(props.failure, { password, code })
  const isWrong = failure instanceof ApiFailure && failure.problem.code === 'auth.failed'
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onProof({ password, code: code.trim() })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{explanation}</Text>
        <CurrentPasswordField value={password} onChange={setPassword} />
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
        <FormActions label={label} isBusy={isBusy} isDanger={isDanger === true} onCancel={onCancel} mt="xs" />
      </Stack>
    </form>
  )
}
