import { SimpleGrid, TextInput } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { repositoryMessages } from './messages.ts'
import type { DraftField, RepositoryDraft } from './repository-draft.ts'

export interface PlaceFieldsProps {
  readonly draft: RepositoryDraft
  readonly onChange: (changes: Partial<RepositoryDraft>) => void
  readonly errorOf: (field: DraftField) => string | undefined
}

type PlaceField = 'folder' | 'endpoint' | 'bucket' | 'prefix' | 'host' | 'port' | 'url'

/** Where a repository lies, by the kind of its storage. */
export function PlaceFields(props: PlaceFieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  switch (props.draft.kind) {
    case 'local':
      return <PlaceField {...props} field="folder" label={text.folder} description={text.folderHint} placeholder="/srv/backups" required />
    case 's3':
      return <S3Place {...props} />
    case 'sftp':
      return <SftpPlace {...props} />
    case 'rest':
      return <PlaceField {...props} field="url" label={text.url} description={text.urlHint} placeholder="https://host:8000/" required />
    default:
      return props.draft.kind satisfies never
  }
}

function S3Place(props: PlaceFieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <>
      <PlaceField {...props} field="endpoint" label={text.endpoint} description={text.endpointHint} required />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <PlaceField {...props} field="bucket" label={text.bucket} required />
        <PlaceField {...props} field="prefix" label={text.prefix} placeholder="holdfast" />
      </SimpleGrid>
    </>
  )
}

function SftpPlace(props: PlaceFieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <PlaceField {...props} field="host" label={text.host} required />
        <PlaceField {...props} field="port" label={text.port} placeholder="22" />
      </SimpleGrid>
      <PlaceField {...props} field="folder" label={text.folder} description={text.folderRemoteHint} placeholder="/srv/backups" required />
    </>
  )
}

interface PlaceFieldProps extends PlaceFieldsProps {
  readonly field: PlaceField
  readonly label: string
  readonly description?: string
  readonly placeholder?: string
  readonly required?: boolean
}

function PlaceField({ draft, onChange, errorOf, field, ...input }: PlaceFieldProps): ReactElement {
  return (
    <TextInput
      {...input}
      value={draft[field]}
      error={errorOf(field)}
      autoComplete="off"
      spellCheck={false}
      onChange={({ currentTarget }) => onChange({ [field]: currentTarget.value })}
    />
  )
}
