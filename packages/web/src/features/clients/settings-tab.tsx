import type { Client } from '@holdfast/protocol'
import { Alert, NativeSelect, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconEye } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { fieldErrors } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useMe, useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormat } from '../../ui/format.ts'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import { type ClientDraft, changeOf, draftOf, isChanged } from './client-draft.ts'
import { clientPageMessages } from './client-messages.ts'
import { EndSection } from './end-section.tsx'
import { LimitsFields } from './limits-fields.tsx'
import { ownersQuery } from './queries.ts'
import { settingsMessages } from './settings-messages.ts'
import { useChangeClient } from './use-change-client.ts'

/** What can be set of a client, and how it is disabled or deleted. */
export function SettingsTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const { mayManage } = useRights()
  return (
    <>
      {mayManage ? null : (
        <Alert icon={<IconEye aria-hidden />} color="blue" variant="light">
          {text.readOnly}
        </Alert>
      )}
      <SettingsForm client={client} />
      {mayManage ? <EndSection client={client} /> : null}
    </>
  )
}

interface PartProps {
  readonly draft: ClientDraft
  readonly onChange: (changes: Partial<ClientDraft>) => void
  readonly errors: Readonly<Record<string, string>>
}

/** What was typed lies over what is stored, which may change meanwhile. */
function SettingsForm({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const page = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const [edited, setEdited] = useState<Partial<ClientDraft>>({})
  const draft = { ...draftOf(client), ...edited }
  const { mutate, error, isPending, reset } = useChangeClient(client.id)
  const errors = fieldErrors(error)
  const change = (changes: Partial<ClientDraft>): void => setEdited((before) => ({ ...before, ...changes }))
  const save = (event: FormEvent): void => {
    event.preventDefault()
    mutate(changeOf(draft, client), {
      onSuccess: () => {
        setEdited({})
        showNotice({ tone: 'good', title: page.saved })
      },
    })
  }
  const discard = (): void => {
    setEdited({})
    reset()
  }
  const part = { draft, onChange: change, errors }
  return (
    <form onSubmit={save}>
      <Stack gap="md">
        <General {...part} />
        <Rules {...part} />
        <Section title={text.retention} description={text.retentionHint}>
          <OwnersRetention client={client} {...part} />
        </Section>
        <Section title={text.limits} description={text.limitsHint}>
          <LimitsFields
            value={draft.limits}
            onChange={(limits) => change({ limits })}
            isReadOnly={!mayManage}
            errors={errorsBelow(errors, 'settings.limits')}
          />
        </Section>
        {error === null ? null : <FailureNotice failure={error} />}
        {mayManage ? <SaveBar isChanged={isChanged(draft, client)} isBusy={isPending} onDiscard={discard} /> : null}
      </Stack>
    </form>
  )
}

function General({ draft, onChange, errors }: PartProps): ReactElement {
  const text = useMessages(settingsMessages)
  const { isAdmin, mayManage } = useRights()
  const { data: owners = [] } = useQuery({ ...ownersQuery, enabled: isAdmin })
  return (
    <Section title={isAdmin ? text.general : text.name}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={text.name}
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          readOnly={!mayManage}
          required={mayManage}
          maxLength={200}
          error={errors.name}
        />
        {isAdmin && owners.length > 0 ? (
          <NativeSelect
            label={text.owner}
            description={text.ownerHint}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={String(draft.ownerId)}
            data={owners.map(({ id, username }) => ({ value: String(id), label: username }))}
            onChange={(event) => onChange({ ownerId: Number(event.currentTarget.value) })}
            error={errors.ownerId}
          />
        ) : null}
      </SimpleGrid>
    </Section>
  )
}

function Rules({ draft, onChange, errors }: PartProps): ReactElement {
  const text = useMessages(settingsMessages)
  const { mayManage } = useRights()
  return (
    <Section title={text.rules}>
      <Stack gap="md">
        <Switch
          label={text.mayRestore}
          description={text.mayRestoreHint}
          checked={draft.mayRestore}
          disabled={!mayManage}
          onChange={(event) => onChange({ mayRestore: event.currentTarget.checked })}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <NumberInput
            label={text.overdue}
            description={text.overdueHint}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            suffix={` ${text.hours}`}
            min={1}
            max={100_000}
            allowDecimal={false}
            readOnly={!mayManage}
            value={draft.overdueAfterHours}
            onChange={(overdueAfterHours) => onChange({ overdueAfterHours })}
            error={errors['settings.overdueAfterHours']}
          />
          <QuotaField draft={draft} onChange={onChange} errors={errors} />
        </SimpleGrid>
      </Stack>
    </Section>
  )
}

/** Whoever is held to a quota cannot raise it. */
function QuotaField({ draft, onChange, errors }: PartProps): ReactElement | null {
  const text = useMessages(settingsMessages)
  const format = useFormat()
  const { isAdmin } = useRights()
  const { quotaGibibytes } = draft
  if (!isAdmin)
    return quotaGibibytes === '' ? null : (
      <Text size="sm" c="dimmed">
        {text.quotaReadOnly(format.bytes(Number(quotaGibibytes) * 1024 ** 3))}
      </Text>
    )
  return (
    <NumberInput
      label={text.quota}
      description={text.quotaHint}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      suffix=" GiB"
      min={0}
      max={8_000_000}
      decimalScale={3}
      value={quotaGibibytes}
      onChange={(value) => onChange({ quotaGibibytes: value })}
      error={errors['settings.quotaBytes']}
    />
  )
}

/** Administrators know the retention of every owner; others their own, and they see no clients but their own. */
function OwnersRetention({ client, draft, onChange, errors }: PartProps & { readonly client: Client }): ReactElement {
  const me = useMe()
  const { isAdmin, mayManage } = useRights()
  const { data: owners } = useQuery({ ...ownersQuery, enabled: isAdmin })
  const owner = client.ownerId === me.id ? me : owners?.find(({ id }) => id === draft.ownerId)
  const retention = owner?.retention ?? null
  return (
    <RetentionFields
      value={draft.retention}
      onChange={(value) => onChange({ retention: value })}
      inherited={{ retention, from: retention === null ? 'nobody' : 'owner' }}
      isReadOnly={!mayManage}
      errors={errorsBelow(errors, 'settings.retention')}
    />
  )
}
