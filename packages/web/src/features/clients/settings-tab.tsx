import type { Client } from '@holdfast/protocol'
import { Alert, NativeSelect, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconEye, IconUsers } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useMe, useRights } from '../../app/session.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { useFormat } from '../../ui/format.ts'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import {
  type ClientDraft,
  type ClientField,
  changedFields,
  changeOf,
  disputedFields,
  editedDraft,
  editsLeft,
  NO_EDITS,
  withEdits,
} from './client-draft.ts'
import { clientPageMessages } from './client-messages.ts'
import { EndSection } from './end-section.tsx'
import { LimitsFields } from './limits-fields.tsx'
import { clientQuery, ownersQuery } from './queries.ts'
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

function SettingsForm({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const { mayManage } = useRights()
  const { edits, setEdits, save, discard, isPending, error, disputed } = useSettingsForm(client)
  const draft = editedDraft(edits, client)
  const failure = useFormFailure(error, edits)
  const errors = useFieldErrors(failure)
  const change = (changes: Partial<ClientDraft>): void => setEdits((before) => withEdits(before, changes, client))
  const part = { draft, onChange: change, errors }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <General {...part} />
        <Rules {...part} />
        <Section title={text.retention} description={text.retentionHint}>
          <OwnersRetention {...part} />
        </Section>
        <Section title={text.limits} description={text.limitsHint}>
          <LimitsFields value={draft} onChange={change} isReadOnly={!mayManage} errors={errorsBelow(errors, 'settings.limits')} />
        </Section>
        {disputed.length === 0 ? null : <DisputeNotice fields={disputed} />}
        {failure === null ? null : <FailureNotice failure={failure} />}
        {mayManage ? (
          <SaveBar isChanged={changedFields(edits, client).length > 0} isBusy={isPending} failure={failure} onDiscard={discard} />
        ) : null}
      </Stack>
    </form>
  )
}

/** What somebody else has changed meanwhile is replaced only by somebody who has been told of it. */
function useSettingsForm(client: Client) {
  const page = useMessages(clientPageMessages)
  const queries = useQueryClient()
  const [edits, setEdits] = useState(NO_EDITS)
  const disputed = disputedFields(edits, client)
  const change = useChangeClient(client.id)
  const look = useMutation({
    mutationFn: () => queries.fetchQuery({ ...clientQuery(client.id), staleTime: 0 }),
    onSuccess: (stored) => {
      if (disputedFields(edits, stored).some((name) => !disputed.includes(name))) return
      change.mutate(changeOf(edits, stored), {
        onSuccess: (saved) => {
          setEdits((present) => editsLeft(present, { sent: edits, stored: saved }))
          showNotice({ tone: 'good', title: page.saved })
        },
      })
    },
  })
  const discard = (): void => {
    setEdits(NO_EDITS)
    look.reset()
    change.reset()
  }
  const isPending = look.isPending || change.isPending
  return { edits, setEdits, save: () => look.mutate(), discard, isPending, error: look.error ?? change.error, disputed }
}

function DisputeNotice({ fields }: { readonly fields: readonly ClientField[] }): ReactElement {
  const text = useMessages(settingsMessages)
  const names: Readonly<Record<ClientField, string>> = {
    name: text.name,
    ownerId: text.owner,
    retention: text.retention,
    mayRestore: text.mayRestore,
    overdueAfterHours: text.overdue,
    quotaGibibytes: text.quota,
    uploadMegabytes: text.upload,
    downloadMegabytes: text.download,
    maxDurationMinutes: text.duration,
    blackouts: text.blackouts,
  }
  return (
    <Alert role="alert" color="orange" variant="light" icon={<IconUsers aria-hidden />} title={text.disputed}>
      {text.disputedHint(fields.map((field) => names[field]))}
    </Alert>
  )
}

function General({ draft, onChange, errors }: PartProps): ReactElement {
  const text = useMessages(settingsMessages)
  const { isAdmin, mayManage } = useRights()
  const choices = useQuery({ ...ownersQuery, enabled: isAdmin })
  const { data: owners = [] } = choices
  const failure = choicesFailure(choices)
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
        {isAdmin && (owners.length > 0 || failure !== undefined) ? (
          <NativeSelect
            label={text.owner}
            description={text.ownerHint}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={String(draft.ownerId)}
            data={owners.map(({ id, username }) => ({ value: String(id), label: username }))}
            onChange={(event) => onChange({ ownerId: Number(event.currentTarget.value) })}
            error={errors.ownerId ?? failure}
            disabled={owners.length === 0}
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
function OwnersRetention({ draft, onChange, errors }: PartProps): ReactElement {
  const me = useMe()
  const { isAdmin, mayManage } = useRights()
  const owners = useQuery({ ...ownersQuery, enabled: isAdmin })
  const owner = draft.ownerId === me.id ? me : owners.data?.find(({ id }) => id === draft.ownerId)
  const isUnknown = owner === undefined && isAdmin && owners.data === undefined
  const retention = owner?.retention ?? null
  return (
    <RetentionFields
      value={draft.retention}
      onChange={(value) => onChange({ retention: value })}
      inherited={
        isUnknown
          ? { failure: owners.error, retry: () => void owners.refetch() }
          : { retention, from: retention === null ? 'nobody' : 'owner' }
      }
      isReadOnly={!mayManage}
      errors={errorsBelow(errors, 'settings.retention')}
    />
  )
}
