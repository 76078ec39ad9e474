import type { GrantResticAccess, ResticAccessView } from '@holdfast/protocol'
import { Modal, Select, Stack, Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { uiMessages } from '../../ui/messages.ts'
import { BytesField } from '../sources/bytes-field.tsx'
import { repositoryMessages } from './messages.ts'
import { repositoriesQuery, resticAccessQuery } from './queries.ts'

export interface GrantDialogProps {
  readonly clientId: number
  /** What is changed; a new one when absent. */
  readonly grant?: ResticAccessView['repositories'][number]
  readonly onClose: () => void
}

/** Lets a client use a repository by restic itself, or changes what it may do there. */
export function GrantDialog({ clientId, grant, onClose }: GrantDialogProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const ui = useMessages(uiMessages)
  return (
    <Modal opened onClose={onClose} title={text.accessGrantTitle} closeButtonProps={{ 'aria-label': ui.close }}>
      <GrantForm clientId={clientId} {...(grant === undefined ? {} : { grant })} onClose={onClose} />
    </Modal>
  )
}

function GrantForm({ clientId, grant, onClose }: GrantDialogProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const client = useQueryClient()
  const [repositoryId, setRepositoryId] = useState<number | null>(grant?.repositoryId ?? null)
  const [draft, setDraft] = useState<GrantResticAccess>({ isFull: grant?.isFull ?? false, quotaBytes: grant?.quotaBytes ?? null })
  const save = useMutation({
    mutationFn: () => api.put<ResticAccessView>(`/api/v1/clients/${clientId}/restic/repositories/${repositoryId}`, draft),
    onSuccess: (access) => {
      client.setQueryData(resticAccessQuery(clientId).queryKey, access)
      onClose()
    },
  })
  const failure = useFormFailure(save.error, { repositoryId, draft })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (repositoryId !== null) save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <RepositoryField value={repositoryId} onChange={setRepositoryId} isFixed={grant !== undefined} />
        <Switch
          label={text.accessFull}
          description={text.accessFullHint}
          checked={draft.isFull}
          onChange={({ currentTarget }) => setDraft({ ...draft, isFull: currentTarget.checked })}
        />
        <BytesField
          label={text.accessQuota}
          description={text.accessQuotaHint}
          value={draft.quotaBytes ?? undefined}
          error={useFieldErrors(failure).quotaBytes}
          onChange={(quotaBytes) => setDraft({ ...draft, quotaBytes: quotaBytes ?? null })}
        />
        {failure === null ? null : <FailureNotice failure={failure} />}
        <FormActions label={text.accessSave} isBusy={save.isPending} isDisabled={repositoryId === null} onCancel={onClose} />
      </Stack>
    </form>
  )
}

interface RepositoryFieldProps {
  readonly value: number | null
  readonly onChange: (id: number | null) => void
  readonly isFixed: boolean
}

function RepositoryField({ value, onChange, isFixed }: RepositoryFieldProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const choices = useQuery(repositoriesQuery)
  return (
    <Select
      label={text.accessRepository}
      error={choicesFailure(choices)}
      data={(choices.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))}
      value={value === null ? null : String(value)}
      onChange={(id) => onChange(id === null ? null : Number(id))}
      disabled={isFixed}
      allowDeselect={false}
      searchable
      required
    />
  )
}
