import { NativeSelect, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { limitsOf } from '../clients/client-draft.ts'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { RetentionPreview } from '../retention/retention-preview.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import { sourceKindsQuery } from '../sources/queries.ts'
import { SchemaForm } from '../sources/schema-form.tsx'
import { FurtherParts, type PlanPartProps } from './further-parts.tsx'
import { planMessages } from './messages.ts'
import type { PlanDraft } from './plan-draft.ts'
import classes from './plan-form.module.css'
import { PlanInShort } from './plan-in-short.tsx'
import { planRepositoriesQuery } from './queries.ts'
import { ScheduleBuilder } from './schedule-builder.tsx'
import { SelectionPreview } from './selection-preview.tsx'
import { useUpcomingTimes } from './upcoming-times.tsx'
import { useInheritedRetention } from './use-inherited-retention.ts'

export interface PlanFormProps extends PlanPartProps {
  /** What stands beside the form, above its summary. */
  readonly aside?: ReactNode
  /** What stands under the form: the way to save it. */
  readonly children?: ReactNode
}

/** All that a plan says, in the order in which people think of it, with its meaning in words beside it. */
export function PlanForm({ aside, children, ...props }: PlanFormProps): ReactElement {
  const text = useMessages(planMessages)
  const { draft, clientId, onChange, isReadOnly, errors } = props
  const { error } = useUpcomingTimes({ schedule: draft.schedule, limits: limitsOf(draft.limits), clientId })
  const scheduleErrors = errorsBelow({ ...useFieldErrors(error), ...errors }, 'schedule')
  return (
    <div className={classes.layout}>
      <div className={classes.main}>
        <Section title={text.general}>
          <GeneralPart {...props} />
        </Section>
        <Section title={text.what}>
          <SourcePart {...props} />
        </Section>
        <Section title={text.when}>
          <ScheduleBuilder
            value={draft.schedule}
            onChange={(schedule) => onChange({ schedule })}
            isReadOnly={isReadOnly}
            errors={scheduleErrors}
          />
        </Section>
        <Section title={text.retention}>
          <RetentionPart {...props} />
        </Section>
        <FurtherParts {...props} />
        {children}
      </div>
      <div className={classes.aside}>
        {aside}
        <PlanInShort draft={draft} clientId={clientId} />
      </div>
    </div>
  )
}

function GeneralPart({ draft, onChange, plan, errors, isReadOnly }: PlanPartProps): ReactElement {
  const text = useMessages(planMessages)
  const choices = useQuery(planRepositoriesQuery)
  const { data: repositories } = choices
  const chosen = draft.repositoryId ?? repositories?.find(({ isDefault }) => isDefault)?.id
  const isMoved = plan !== undefined && draft.repositoryId !== plan.repositoryId
  const missing = repositories?.length === 0 ? text.noRepository : undefined
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={text.name}
          description={text.nameHint}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={draft.name}
          onChange={({ currentTarget }) => onChange({ name: currentTarget.value })}
          error={errors.name}
          readOnly={isReadOnly}
          required
          maxLength={200}
        />
        <NativeSelect
          label={text.repository}
          description={isMoved ? text.repositoryMoves : text.repositoryHint}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          data={(repositories ?? []).map(({ id, name, isDefault }) => ({
            value: String(id),
            label: isDefault ? text.defaultRepository(name) : name,
          }))}
          value={chosen === undefined ? '' : String(chosen)}
          onChange={({ currentTarget }) => onChange({ repositoryId: Number(currentTarget.value) })}
          error={errors.repositoryId ?? missing ?? choicesFailure(choices)}
          disabled={isReadOnly}
        />
      </SimpleGrid>
      <Switch
        label={text.enabled}
        description={text.enabledHint}
        checked={draft.isEnabled}
        onChange={({ currentTarget }) => onChange({ isEnabled: currentTarget.checked })}
        disabled={isReadOnly}
      />
    </Stack>
  )
}

function SourcePart({ clientId, draft, onChange, errors, isReadOnly }: PlanPartProps): ReactElement {
  const { data: kinds, error, refetch } = useQuery(sourceKindsQuery)
  if (error !== null) return <FailureNotice failure={error} retry={() => void refetch()} />
  const kind = kinds?.find(({ planField }) => planField === 'selection')
  if (kind === undefined) return <Waiting lines={6} />
  return (
    <Stack gap="md">
      <SchemaForm
        schema={kind.schema}
        value={{ ...draft.selection }}
        onChange={(selection) => onChange({ selection: selection as unknown as PlanDraft['selection'] })}
        clientId={clientId}
        errors={errorsBelow(errors, 'selection')}
        isReadOnly={isReadOnly}
      />
      {isReadOnly ? null : <SelectionPreview clientId={clientId} selection={draft.selection} />}
    </Stack>
  )
}

function RetentionPart({ clientId, draft, onChange, plan, errors, isReadOnly }: PlanPartProps): ReactElement {
  const inherited = useInheritedRetention(clientId)
  return (
    <Stack gap="md">
      <RetentionFields
        value={draft.retention}
        onChange={(retention) => onChange({ retention })}
        inherited={inherited}
        isReadOnly={isReadOnly}
        errors={errorsBelow(errors, 'retention')}
      />
      {plan === undefined ? null : <RetentionPreview request={{ planId: plan.id, retention: draft.retention }} />}
    </Stack>
  )
}
