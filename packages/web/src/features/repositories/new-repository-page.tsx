import type { RepositoryView } from '@holdfast/protocol'
import { Button, Checkbox, Code, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, type ReactElement, useState } from 'react'
import { ApiFailure, api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { fieldMessages } from '../../ui/field-messages.ts'
import { FileName } from '../../ui/file-name.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { useTries } from '../../ui/tries.ts'
import { AdminsOnly } from '../administration/admins-only.tsx'
import { ChoiceCards } from './choice-cards.tsx'
import { CredentialFields } from './credential-fields.tsx'
import { repositoryMessages } from './messages.ts'
import classes from './new-repository-page.module.css'
import { PlaceFields } from './place-fields.tsx'
import { refreshRepositories } from './queries.ts'
import { type DraftField, EMPTY_DRAFT, faultsOf, fieldOf, locationOf, type RepositoryDraft, requestOf } from './repository-draft.ts'

/** The first repository of a server, when it is not to be in the proposed folder: that of plans that name none. */
const FIRST_DRAFT: RepositoryDraft = { ...EMPTY_DRAFT, name: 'default', kind: 's3', isDefault: true }

/** Makes a repository, adopts one, or makes room for one of clients. With `first` in the address, goes on with the first steps then. */
export function NewRepositoryPage(): ReactElement {
  const { newTitle } = useMessages(repositoryMessages)
  return (
    <AdminsOnly title={newTitle}>
      <NewRepository />
    </AdminsOnly>
  )
}

function NewRepository(): ReactElement {
  const text = useMessages(repositoryMessages)
  const navigate = useNavigate()
  const { first } = useSearch({ strict: false }) as { readonly first?: string }
  const isFirst = first !== undefined
  const [draft, setDraft] = useState(isFirst ? FIRST_DRAFT : EMPTY_DRAFT)
  const add = useOneMutation({
    mutationFn: () => api.post<RepositoryView>('/api/v1/repositories', requestOf(draft)),
    onSuccess: async ({ id }) => {
      await refreshRepositories()
      showNotice({ title: text.created, tone: 'good' })
      await navigate({ to: isFirst ? '/welcome' : `/repositories/${id}` })
    },
  })
  const failure = useFormFailure(add.error, draft)
  const { form, isTried, tried } = useTries<HTMLFormElement>(add.error)
  const change = (changes: Partial<RepositoryDraft>): void => setDraft({ ...draft, ...changes })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    tried()
    if (Object.keys(faultsOf(draft)).length === 0) add.mutate()
  }
  const errorOf = useErrors(draft, { isTried, failure })
  return (
    <Page title={text.newTitle} breadcrumbs={[{ label: text.title, to: '/repositories' }]}>
      <form ref={form} onSubmit={submit} noValidate className={classes.form}>
        <ModeSection draft={draft} onChange={change} />
        <PlaceSection draft={draft} onChange={change} errorOf={errorOf} />
        <NameSection draft={draft} onChange={change} errorOf={errorOf} />
        {failure === null ? null : <FailureNotice failure={failure} />}
        <Group justify="flex-end">
          <Button component={Link} to={isFirst ? '/welcome' : '/repositories'} variant="default">
            {text.cancel}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {{ create: text.create, adopt: text.adopt, client: text.addClients }[draft.mode]}
          </Button>
        </Group>
      </form>
    </Page>
  )
}

interface DraftSectionProps {
  readonly draft: RepositoryDraft
  readonly onChange: (changes: Partial<RepositoryDraft>) => void
}

interface CheckedSectionProps extends DraftSectionProps {
  readonly errorOf: (field: DraftField) => string | undefined
}

function ModeSection({ draft, onChange }: DraftSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Section title={text.newMode}>
      <ChoiceCards
        label={text.newMode}
        value={draft.mode}
        columns={3}
        choices={[
          { value: 'create', label: text.modeCreate, description: text.modeCreateHint },
          { value: 'adopt', label: text.modeAdopt, description: text.modeAdoptHint },
          { value: 'client', label: text.modeClient, description: text.modeClientHint },
        ]}
        onChange={(mode) => onChange({ mode })}
      />
    </Section>
  )
}

function PlaceSection({ draft, onChange, errorOf }: CheckedSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const location = locationOf(draft)
  return (
    <Section title={text.newKind}>
      <Stack gap="sm">
        <ChoiceCards
          label={text.newKind}
          value={draft.kind}
          columns={4}
          choices={[
            { value: 'local', label: text.kindLocal },
            { value: 's3', label: text.kindS3 },
            { value: 'sftp', label: text.kindSftp },
            { value: 'rest', label: text.kindRest },
          ]}
          onChange={(kind) => onChange({ kind })}
        />
        <PlaceFields draft={draft} onChange={onChange} errorOf={errorOf} />
        <CredentialFields
          kind={draft.kind}
          value={draft.credentials}
          onChange={(changes) => onChange({ credentials: { ...draft.credentials, ...changes } })}
          errorOf={(field) => errorOf(`credentials.${field}`)}
        />
        {draft.kind === 'local' ? null : (
          <Text size="sm" c="dimmed" component="div" className={classes.location ?? ''}>
            {text.willBe}:{' '}
            <Code>
              <FileName>{location}</FileName>
            </Code>
          </Text>
        )}
      </Stack>
    </Section>
  )
}

function NameSection({ draft, onChange, errorOf }: CheckedSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const { mode } = draft
  return (
    <Section title={text.newDetails}>
      <Stack gap="sm">
        <TextInput
          label={text.name}
          value={draft.name}
          error={errorOf('name')}
          maxLength={100}
          autoComplete="off"
          required
          onChange={({ currentTarget }) => onChange({ name: currentTarget.value })}
        />
        {mode === 'client' ? null : (
          <>
            <PasswordInput
              label={text.repositoryPassword}
              description={mode === 'adopt' ? text.passwordAdoptHint : text.passwordCreateHint}
              value={draft.password}
              error={errorOf('password')}
              required={mode === 'adopt'}
              autoComplete="new-password"
              onChange={({ currentTarget }) => onChange({ password: currentTarget.value })}
            />
            <Checkbox
              label={text.makeItDefault}
              checked={draft.isDefault}
              onChange={({ currentTarget }) => onChange({ isDefault: currentTarget.checked })}
            />
          </>
        )}
      </Stack>
    </Section>
  )
}

/** What stands below a field: what is wrong before the server is asked, and what the server said of it. */
function useErrors(
  draft: RepositoryDraft,
  { isTried, failure }: { readonly isTried: boolean; readonly failure: unknown },
): (field: DraftField) => string | undefined {
  const text = useMessages(repositoryMessages)
  const fieldWords = useMessages(fieldMessages)
  const said = useFieldErrors(failure)
  if (!isTried) return () => undefined
  const faults = faultsOf(draft)
  const words = {
    missing: text.faultMissing,
    'not-absolute': text.faultNotAbsolute,
    'not-url': text.faultNotUrl,
    'has-secret': text.faultHasSecret,
    'not-port': text.faultNotPort,
  }
  const blamed = failure instanceof ApiFailure ? fieldOf(failure.problem, draft) : undefined
  return (field) => {
    const fault = faults[field]
    if (fault !== undefined) return words[fault]
    return said[field] ?? (field === blamed && failure instanceof ApiFailure ? fieldWords.refused(failure.problem.detail) : undefined)
  }
}
