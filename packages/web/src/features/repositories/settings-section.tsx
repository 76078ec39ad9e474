import type { ChangeRepository, RepositoryView } from '@holdfast/protocol'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure, api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { fieldMessages } from '../../ui/field-messages.ts'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { CredentialFields } from './credential-fields.tsx'
import { repositoryMessages } from './messages.ts'
import { refreshRepositories } from './queries.ts'
import { RemoveRepository } from './remove-repository.tsx'
import { credentialsOf, EMPTY_CREDENTIALS, fieldOf } from './repository-draft.ts'

/** A repository's name, whether it is the default, its credentials, and the way out of the list. */
export function SettingsSection({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Section title={text.settings}>
      <Rename key={repository.name} repository={repository} />
      <RowList label={text.settings}>
        {repository.isDefault || !repository.hasKey ? null : (
          <Row title={text.makeDefault} actions={<MakeDefault repository={repository} />}>
            {text.isDefaultHint}
          </Row>
        )}
        {repository.kind === 'local' ? null : (
          <Row title={text.credentials} actions={<ChangeCredentials repository={repository} />}>
            {text.credentialsHint}
          </Row>
        )}
        <Row title={text.remove} actions={<RemoveRepository repository={repository} />}>
          {text.removeHint}
        </Row>
      </RowList>
    </Section>
  )
}

async function changeRepository(id: number, changes: ChangeRepository): Promise<void> {
  await api.patch<RepositoryView>(`/api/v1/repositories/${id}`, changes)
  await refreshRepositories()
}

function Rename({ repository: { id, name } }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const fieldWords = useMessages(fieldMessages)
  const [draft, setDraft] = useState(name)
  const rename = useMutation({
    mutationFn: () => changeRepository(id, { name: draft.trim() }),
    onSuccess: () => showNotice({ title: text.renamed, tone: 'good' }),
  })
  const failure = useFormFailure(rename.error, draft)
  const said = useFieldErrors(failure).name
  const isRefused = failure instanceof ApiFailure && (failure.status === 409 || failure.status === 422)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (draft.trim() !== '' && draft.trim() !== name) rename.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="xs" mb="md">
        <TextInput
          label={text.name}
          value={draft}
          maxLength={100}
          error={said ?? (isRefused ? fieldWords.refused(failure.message) : undefined)}
          style={{ flex: '1 1 12rem', maxWidth: '28rem' }}
          onChange={({ currentTarget }) => setDraft(currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={rename.isPending} disabled={draft.trim() === '' || draft.trim() === name}>
          {text.rename}
        </Button>
      </Group>
      {failure === null || isRefused ? null : <FailureNotice failure={failure} />}
    </form>
  )
}

function MakeDefault({ repository: { id } }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const makeDefault = async (): Promise<void> => {
    await changeRepository(id, { isDefault: true })
    showNotice({ title: text.madeDefault, tone: 'good' })
  }
  return (
    <ConfirmButton
      size="xs"
      title={text.makeDefault}
      question={text.makeDefaultQuestion}
      confirmLabel={text.makeDefault}
      onConfirm={makeDefault}
    >
      {text.makeDefault}
    </ConfirmButton>
  )
}

function ChangeCredentials({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const ui = useMessages(uiMessages)
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        {text.changeCredentials}
      </Button>
      <Modal opened={isOpen} onClose={close} title={text.changeCredentials} size="lg" closeButtonProps={{ 'aria-label': ui.close }}>
        <CredentialsForm repository={repository} onDone={close} />
      </Modal>
    </>
  )
}

function CredentialsForm({ repository, onDone }: { readonly repository: RepositoryView; readonly onDone: () => void }): ReactElement {
  const text = useMessages(repositoryMessages)
  const fieldWords = useMessages(fieldMessages)
  const { id, kind } = repository
  const [draft, setDraft] = useState(EMPTY_CREDENTIALS)
  const save = useMutation({
    mutationFn: () => changeRepository(id, { credentials: credentialsOf(kind, draft) }),
    onSuccess: () => {
      showNotice({ title: text.credentialsSaved, tone: 'good' })
      onDone()
    },
  })
  const failure = useFormFailure(save.error, draft)
  const blamed = failure instanceof ApiFailure ? fieldOf(failure.problem, { kind, mode: 'adopt' }) : undefined
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <CredentialFields
          kind={kind}
          value={draft}
          onChange={(changes) => setDraft({ ...draft, ...changes })}
          errorOf={(field) => (blamed === `credentials.${field}` && failure !== null ? fieldWords.refused(failure.message) : undefined)}
        />
        {failure === null ? null : <FailureNotice failure={failure} />}
        <FormActions label={text.changeCredentials} isBusy={save.isPending} onCancel={onDone} />
      </Stack>
    </form>
  )
}
