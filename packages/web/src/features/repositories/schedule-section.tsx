import type { MaintenanceSettings } from '@holdfast/protocol'
import { NumberInput, SimpleGrid, Stack, Switch, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { fieldErrors } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { ScheduleBuilder } from '../plans/schedule-builder.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import { repositoryMessages } from './messages.ts'
import { setMaintenance } from './queries.ts'

const READ_ALL_DAYS = 30
const READ_ALL_DAYS_MAX = 3650

export interface ScheduleSectionProps {
  readonly repositoryId: number
  /** The section is keyed by them: what somebody else has changed is not overwritten. */
  readonly settings: MaintenanceSettings
}

/** When a repository is cleaned up and checked by itself, and how. */
export function ScheduleSection({ repositoryId, settings }: ScheduleSectionProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const [draft, setDraft] = useState(settings)
  const save = useMutation({
    mutationFn: () => setMaintenance(repositoryId, draft),
    onSuccess: () => showNotice({ title: text.saved, tone: 'good' }),
  })
  const isChanged = JSON.stringify(draft) !== JSON.stringify(settings)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save.mutate()
  }
  const discard = (): void => {
    setDraft(settings)
    save.reset()
  }
  const errors = fieldErrors(save.error)
  return (
    <Section title={text.schedules}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
            <PruneFields draft={draft} onChange={setDraft} errors={errors} />
            <CheckFields draft={draft} onChange={setDraft} errors={errors} />
          </SimpleGrid>
          {save.error === null ? null : <FailureNotice failure={save.error} />}
          <SaveBar isChanged={isChanged} isBusy={save.isPending} onDiscard={discard} />
        </Stack>
      </form>
    </Section>
  )
}

interface FieldsProps {
  readonly draft: MaintenanceSettings
  readonly onChange: (draft: MaintenanceSettings) => void
  readonly errors: Readonly<Record<string, string>>
}

function PruneFields({ draft, onChange, errors }: FieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const { prune } = draft
  return (
    <Stack gap="md">
      <Title order={3}>{text.pruneSchedule}</Title>
      <MaintenanceSchedule
        value={prune.schedule}
        onChange={(schedule) => onChange({ ...draft, prune: { ...prune, schedule } })}
        errors={errorsBelow(errors, 'prune.schedule')}
      />
      <NumberInput
        label={text.maxUnused}
        description={text.maxUnusedHint}
        value={prune.maxUnusedPercent}
        error={errors['prune.maxUnusedPercent']}
        min={0}
        max={90}
        suffix=" %"
        maw={320}
        onChange={(value) => onChange({ ...draft, prune: { ...prune, maxUnusedPercent: numberOf(value, prune.maxUnusedPercent) } })}
      />
    </Stack>
  )
}

function CheckFields({ draft, onChange, errors }: FieldsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const { check } = draft
  const set = (changes: Partial<MaintenanceSettings['check']>): void => onChange({ ...draft, check: { ...check, ...changes } })
  return (
    <Stack gap="md">
      <Title order={3}>{text.checkSchedule}</Title>
      <MaintenanceSchedule
        value={check.schedule}
        onChange={(schedule) => set({ schedule })}
        errors={errorsBelow(errors, 'check.schedule')}
      />
      <Switch
        label={text.readData}
        description={text.readWithinHint}
        checked={check.readAllWithinDays !== null}
        onChange={({ currentTarget }) => set({ readAllWithinDays: currentTarget.checked ? READ_ALL_DAYS : null })}
      />
      {check.readAllWithinDays === null ? null : (
        <NumberInput
          label={text.readWithin}
          value={check.readAllWithinDays}
          error={errors['check.readAllWithinDays']}
          min={1}
          max={READ_ALL_DAYS_MAX}
          allowDecimal={false}
          maw={320}
          onChange={(value) => set({ readAllWithinDays: Math.max(1, numberOf(value, READ_ALL_DAYS)) })}
        />
      )}
      <NumberInput
        label={text.lowSpace}
        description={text.lowSpaceHint}
        value={draft.lowSpacePercent}
        error={errors.lowSpacePercent}
        min={0}
        max={99}
        suffix=" %"
        maw={320}
        onChange={(value) => onChange({ ...draft, lowSpacePercent: numberOf(value, draft.lowSpacePercent) })}
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

/** A number field is empty while somebody types into it: the value stays as it was then. */
function numberOf(value: number | string, before: number): number {
  return typeof value === 'number' ? value : before
}
