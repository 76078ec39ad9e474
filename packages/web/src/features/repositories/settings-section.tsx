import type { ChangeRepository, RepositoryView } from '@holdfast/protocol'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure, api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FormActions } from '../../ui/form-actions.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { CredentialFields } from './credential-fields.tsx'
import { repositoryMessages } from './messages.ts'
import { refreshRepositories, repositoryQuery } from './queries.ts'
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
  const [draft, setDraft] = useState(name)
  const rename = useMutation({
    mutationFn: () => changeRepository(id, { name: draft.trim() }),
    onSuccess: () => showNotice({ title: text.renamed, tone: 'good' }),
  })
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
          error={rename.error instanceof ApiFailure ? rename.error.problem.detail : undefined}
          style={{ flex: '1 1 12rem', maxWidth: '28rem' }}
          onChange={({ currentTarget }) => setDraft(currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={rename.isPending} disabled={draft.trim() === '' || draft.trim() === name}>
          {text.rename}
        </Button>
      </Group>
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
  const { id, kind } = repository
  const [draft, setDraft] = useState(EMPTY_CREDENTIALS)
  const save = useMutation({
    mutationFn: () => changeRepository(id, { credentials: credentialsOf(kind, draft) }),
    onSuccess: () => {
      showNotice({ title: text.credentialsSaved, tone: 'good' })
      onDone()
    },
  })
  const blamed = save.error instanceof ApiFailure ? fieldOf(save.error.problem, { kind, mode: 'adopt' }) : undefined
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
          errorOf={(field) => (blamed === `credentials.${field}` ? save.error?.message : undefined)}
        />
        {save.error === null ? null : <FailureNotice failure={save.error} />}
        <FormActions label={text.changeCredentials} isBusy={save.isPending} onCancel={onDone} />
      </Stack>
    </form>
  )
}

function RemoveRepository({ repository: { id } }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const navigate = useNavigate()
  const client = useQueryClient()
  const remove = async (): Promise<void> => {
    await api.delete(`/api/v1/repositories/${id}`)
    showNotice({ title: text.removed, tone: 'good' })
    await navigate({ to: '/repositories', ignoreBlocker: true })
    client.removeQueries({ queryKey: repositoryQuery(id).queryKey })
    await refreshRepositories()
  }
  return (
    <ConfirmButton
      size="xs"
      title={text.removeTitle}
      question={text.removeQuestion}
      confirmLabel={text.removeConfirm}
      danger
      onConfirm={remove}
    >
      {text.remove}
    </ConfirmButton>
  )
}
