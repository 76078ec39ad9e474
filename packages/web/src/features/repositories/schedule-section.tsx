import type { MaintenanceSettings } from '@holdfast/protocol'
import { NumberInput, SimpleGrid, Stack, Switch, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { editsSince } from '../../ui/edits-since.ts'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { useTries } from '../../ui/tries.ts'
import { ScheduleBuilder } from '../plans/schedule-builder.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import { draftOf, type MaintenanceDraft, settingsOf } from './maintenance-draft.ts'
import { repositoryMessages } from './messages.ts'
import { setMaintenance } from './queries.ts'

const READ_ALL_DAYS_MAX = 3650

export interface ScheduleSectionProps {
  readonly repositoryId: number
  readonly settings: MaintenanceSettings
}

interface Sent {
  readonly draft: MaintenanceDraft
  /** What the server is told of it. */
  readonly wanted: MaintenanceSettings
}

/** When a repository is cleaned up and checked by itself, and how. What was typed lies over what is stored, which may change meanwhile. */
export function ScheduleSection({ repositoryId, settings }: ScheduleSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const [edited, setEdited] = useState<Partial<MaintenanceDraft>>({})
  const [discards, setDiscards] = useState(0)
  const draft = { ...draftOf(settings), ...edited }
  const save = useMutation({
    mutationFn: ({ wanted }: Sent) => setMaintenance(repositoryId, wanted),
    onSuccess: (_saved, sent) => {
      begunAnew()
      setEdited((present) => editsSince(present, sent.draft))
      showNotice({ title: text.saved, tone: 'good' })
    },
  })
  const { form, isTried, tried, begunAnew } = useTries<HTMLFormElement>(save.error)
  const wanted = settingsOf(draft)
  const missing = isTried && 'missing' in wanted ? wanted.missing : []
  const isChanged = JSON.stringify(draft) !== JSON.stringify(draftOf(settings))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    tried()
    if (!('missing' in wanted)) save.mutate({ draft, wanted })
  }
  const discard = (): void => {
    setEdited({})
    begunAnew()
    // Fields that keep what was entered, such as a time that was emptied, begin anew.
    setDiscards(discards + 1)
    save.reset()
  }
  const failure = useFormFailure(save.error, draft)
  const errors = { ...useFieldErrors(failure), ...Object.fromEntries(missing.map((path) => [path, text.numberMissing])) }
  const fields = { draft, onChange: (changes: Partial<MaintenanceDraft>) => setEdited((before) => ({ ...before, ...changes })), errors }
  return (
    <Section title={text.schedules}>
      <form ref={form} onSubmit={submit}>
        <Stack gap="md">
          <SimpleGrid key={discards} cols={{ base: 1, lg: 2 }} spacing="xl">
            <PruneFields {...fields} />
            <CheckFields {...fields} />
          </SimpleGrid>
          {failure === null ? null : <FailureNotice failure={failure} />}
          <SaveBar
            isChanged={isChanged}
            isBusy={save.isPending}
            problem={missing.length === 0 ? '' : text.numberMissing}
            failure={failure}
            onDiscard={discard}
          />
        </Stack>
      </form>
    </Section>
  )
}

interface FieldsProps {
  readonly draft: MaintenanceDraft
  readonly onChange: (changes: Partial<MaintenanceDraft>) => void
  readonly errors: Readonly<Record<string, string>>
}

function PruneFields({ draft, onChange, errors }: FieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Stack gap="md">
      <Title order={3}>{text.pruneSchedule}</Title>
      <MaintenanceSchedule
        value={draft.pruneSchedule}
        onChange={(pruneSchedule) => onChange({ pruneSchedule })}
        errors={errorsBelow(errors, 'prune.schedule')}
      />
      <NumberInput
        label={text.maxUnused}
        description={text.maxUnusedHint}
        value={draft.maxUnusedPercent}
        error={errors['prune.maxUnusedPercent']}
        min={0}
        max={90}
        suffix=" %"
        maw={320}
        onChange={(maxUnusedPercent) => onChange({ maxUnusedPercent })}
      />
    </Stack>
  )
}

function CheckFields({ draft, onChange, errors }: FieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Stack gap="md">
      <Title order={3}>{text.checkSchedule}</Title>
      <MaintenanceSchedule
        value={draft.checkSchedule}
        onChange={(checkSchedule) => onChange({ checkSchedule })}
        errors={errorsBelow(errors, 'check.schedule')}
      />
      <Switch
        label={text.readData}
        description={text.readWithinHint}
        checked={draft.isDataRead}
        onChange={({ currentTarget }) => onChange({ isDataRead: currentTarget.checked })}
      />
      {draft.isDataRead ? (
        <NumberInput
          label={text.readWithin}
          value={draft.readAllWithinDays}
          error={errors['check.readAllWithinDays']}
          min={1}
          max={READ_ALL_DAYS_MAX}
          allowDecimal={false}
          maw={320}
          onChange={(readAllWithinDays) => onChange({ readAllWithinDays })}
        />
      ) : null}
      <NumberInput
        label={text.lowSpace}
        description={text.lowSpaceHint}
        value={draft.lowSpacePercent}
        error={errors.lowSpacePercent}
        min={0}
        max={99}
        suffix=" %"
        maw={320}
        onChange={(lowSpacePercent) => onChange({ lowSpacePercent })}
      />
    </Stack>
  )
}

interface MaintenanceScheduleProps {
  readonly value: MaintenanceSettings['prune']['schedule']
  readonly onChange: (value: MaintenanceSettings['prune']['schedule']) => void
  readonly errors: Readonly<Record<string, string>>
}

function MaintenanceSchedule({ value, onChange, errors }: MaintenanceScheduleProps): ReactElement {
  return (
    <ScheduleBuilder
      value={{ ...value, jitterSeconds: 0, catchUp: false }}
      onChange={({ cron, timeZone }) => onChange({ cron, timeZone })}
      errors={errors}
      isBare
    />
  )
}
