import type { CreatedApiToken, Scope } from '@holdfast/protocol'
import { Alert, Checkbox, Modal, NativeSelect, Stack, TextInput } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { ToldOnce, UNTIL_DONE } from '../../ui/told-once.tsx'
import { useTries } from '../../ui/tries.ts'
import { accountMessages } from './messages.ts'
import { ownAccount, tokensQuery } from './queries.ts'
import { EXPIRY_DAYS, SCOPES } from './token-fields.ts'

/** Makes an API token and shows it once. */
export function NewTokenDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const text = useMessages(accountMessages)
  const [made, setMade] = useState<CreatedApiToken>()
  return (
    <Modal
      opened
      onClose={onClose}
      title={made === undefined ? text.newToken : text.tokenMade}
      {...(made === undefined ? {} : UNTIL_DONE)}
      closeButtonProps={{ 'aria-label': text.close }}
    >
      {made === undefined ? <TokenForm onMade={setMade} onCancel={onClose} /> : <MadeToken token={made} onDone={onClose} />}
    </Modal>
  )
}

function TokenForm({
  onMade,
  onCancel,
}: {
  readonly onMade: (token: CreatedApiToken) => void
  readonly onCancel: () => void
}): ReactElement {
  const text = useMessages(accountMessages)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>(['read'])
  const [days, setDays] = useState<number | null>(365)
  const { mutate, isPending, error } = useAddToken(onMade)
  const failure = useFormFailure(error, { name, scopes, days })
  const { form, isTried, tried } = useTries<HTMLFormElement>(error)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    tried()
    if (name.trim() !== '' && scopes.length > 0) mutate({ name: name.trim(), scopes: [...scopes], expiresInDays: days })
  }
  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          label={text.tokenName}
          description={text.tokenNameHelp}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={100}
          error={isTried && name.trim() === '' ? text.nameMissing : undefined}
          data-autofocus
          required
          withAsterisk={false}
        />
        <ScopeChoice value={scopes} onChange={setScopes} error={isTried && scopes.length === 0 ? text.scopesMissing : undefined} />
        <NativeSelect
          label={text.expiry}
          value={days ?? 'never'}
          onChange={(event) => setDays(event.currentTarget.value === 'never' ? null : Number(event.currentTarget.value))}
          data={EXPIRY_DAYS.map((one) => ({
            value: String(one ?? 'never'),
            label: one === null ? text.expiresNever : text.expiresInDays(one),
          }))}
        />
        {failure === null ? null : <FailureNotice failure={failure} />}
        <FormActions label={text.makeToken} isBusy={isPending} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

function useAddToken(onMade: (token: CreatedApiToken) => void) {
  const queryClient = useQueryClient()
  return useOneMutation({
    mutationFn: ownAccount.addToken,
    onSuccess: (token) => {
      onMade(token)
      void queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })
    },
  })
}

interface ScopeChoiceProps {
  readonly value: readonly Scope[]
  readonly onChange: (scopes: readonly Scope[]) => void
  readonly error: string | undefined
}

function ScopeChoice({ value, onChange, error }: ScopeChoiceProps): ReactElement {
  const text = useMessages(accountMessages)
  const labels: Readonly<Record<Scope, readonly [string, string]>> = {
    read: [text.scopeRead, text.scopeReadHelp],
    backup: [text.scopeBackup, text.scopeBackupHelp],
    restore: [text.scopeRestore, text.scopeRestoreHelp],
    manage: [text.scopeManage, text.scopeManageHelp],
    admin: [text.scopeAdmin, text.scopeAdminHelp],
  }
  return (
    <Checkbox.Group label={text.scopes} value={[...value]} onChange={(scopes) => onChange(scopes as Scope[])} error={error}>
      <Stack gap="xs" mt="xs">
        {SCOPES.map((scope) => (
          <Checkbox
            key={scope}
            value={scope}
            label={labels[scope][0]}
            description={labels[scope][1]}
            disabled={scope !== 'admin' && value.includes('admin')}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}

function MadeToken({ token, onDone }: { readonly token: CreatedApiToken; readonly onDone: () => void }): ReactElement {
  const text = useMessages(accountMessages)
  return (
    <ToldOnce label={text.token} value={token.token} doneLabel={text.done} onDone={onDone}>
      <Alert variant="light" color="orange" icon={<IconAlertTriangle aria-hidden />}>
        {text.tokenMadeHelp}
      </Alert>
    </ToldOnce>
  )
}
