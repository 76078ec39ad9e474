import type { StorageCredentials } from '@holdfast/protocol'
import { PasswordInput, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { repositoryMessages } from './messages.ts'
import type { CredentialsDraft, RepositoryKind } from './repository-draft.ts'

export interface CredentialFieldsProps {
  readonly kind: RepositoryKind
  readonly value: CredentialsDraft
  readonly onChange: (changes: Partial<CredentialsDraft>) => void
  /** What is wrong with a field. */
  readonly errorOf: (field: keyof StorageCredentials) => string | undefined
}

/** What a kind of storage has to know to let the server in. */
export function CredentialFields(props: CredentialFieldsProps): ReactElement | null {
  switch (props.kind) {
    case 'local':
      return null
    case 's3':
      return <S3Fields {...props} />
    case 'sftp':
      return (
        <Stack gap="sm">
          <LoginFields {...props} />
          <SshFields {...props} />
        </Stack>
      )
    case 'rest':
      return <LoginFields {...props} />
    default:
      return props.kind satisfies never
  }
}

function S3Fields({ value, onChange, errorOf }: CredentialFieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      <TextInput
        label={text.accessKeyId}
        value={value.accessKeyId}
        error={errorOf('accessKeyId')}
        autoComplete="off"
        spellCheck={false}
        onChange={({ currentTarget }) => onChange({ accessKeyId: currentTarget.value })}
      />
      <PasswordInput
        label={text.secretAccessKey}
        value={value.secretAccessKey}
        error={errorOf('secretAccessKey')}
        autoComplete="new-password"
        onChange={({ currentTarget }) => onChange({ secretAccessKey: currentTarget.value })}
      />
      <TextInput
        label={text.region}
        description={text.optional}
        value={value.region}
        error={errorOf('region')}
        autoComplete="off"
        spellCheck={false}
        onChange={({ currentTarget }) => onChange({ region: currentTarget.value })}
      />
      <PasswordInput
        label={text.sessionToken}
        description={text.optional}
        value={value.sessionToken}
        error={errorOf('sessionToken')}
        autoComplete="new-password"
        onChange={({ currentTarget }) => onChange({ sessionToken: currentTarget.value })}
      />
    </SimpleGrid>
  )
}

function LoginFields({ value, onChange, errorOf }: CredentialFieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      <TextInput
        label={text.username}
        value={value.username}
        error={errorOf('username')}
        autoComplete="off"
        spellCheck={false}
        onChange={({ currentTarget }) => onChange({ username: currentTarget.value })}
      />
      <PasswordInput
        label={text.storagePassword}
        value={value.password}
        error={errorOf('password')}
        autoComplete="new-password"
        onChange={({ currentTarget }) => onChange({ password: currentTarget.value })}
      />
    </SimpleGrid>
  )
}

function SshFields({ value, onChange, errorOf }: CredentialFieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const monospace = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8125rem' } }
  return (
    <>
      <Textarea
        label={text.privateKey}
        description={text.privateKeyHint}
        value={value.privateKey}
        error={errorOf('privateKey')}
        rows={4}
        spellCheck={false}
        autoComplete="off"
        styles={monospace}
        onChange={({ currentTarget }) => onChange({ privateKey: currentTarget.value })}
      />
      <Textarea
        label={text.knownHosts}
        description={text.knownHostsHint}
        value={value.knownHosts}
        error={errorOf('knownHosts')}
        rows={3}
        spellCheck={false}
        autoComplete="off"
        styles={monospace}
        required
        onChange={({ currentTarget }) => onChange({ knownHosts: currentTarget.value })}
      />
    </>
  )
}
