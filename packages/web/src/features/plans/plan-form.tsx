import type { Plan } from '@holdfast/protocol'
import { Accordion, NativeSelect, SimpleGrid, Stack, Switch, TagsInput, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, type ReactNode, useState } from 'react'
import { fieldErrors } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { limitsOf } from '../clients/client-draft.ts'
import { LimitsFields } from '../clients/limits-fields.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { RetentionPreview } from '../retention/retention-preview.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import { sourceKindsQuery } from '../sources/queries.ts'
import { SchemaForm } from '../sources/schema-form.tsx'
import { HooksEditor } from './hooks-editor.tsx'
import { hooksMessages } from './hooks-messages.ts'
import { planMessages } from './messages.ts'
import type { PlanDraft } from './plan-draft.ts'
import classes from './plan-form.module.css'
import { PlanInShort } from './plan-in-short.tsx'
import { planRepositoriesQuery } from './queries.ts'
import { ScheduleBuilder } from './schedule-builder.tsx'
import { SelectionPreview } from './selection-preview.tsx'
import { useUpcomingTimes } from './upcoming-times.tsx'
import { useInheritedRetention } from './use-inherited-retention.ts'

export interface PlanFormProps {
  readonly clientId: number
  readonly draft: PlanDraft
  onChange(changes: Partial<PlanDraft>): void
  /** What is stored; undefined for a new plan. */
  readonly plan?: Plan
  /** What is wrong with single fields, by their paths with dots. */
  readonly errors: Readonly<Record<string, string>>
  readonly isReadOnly: boolean
  /** What stands beside the form, above its summary. */
  readonly aside?: ReactNode
  /** What stands under the form: the way to save it. */
  readonly children?: ReactNode
}

type PartProps = Omit<PlanFormProps, 'aside' | 'children'>

/** All that a plan says, in the order in which people think of it, with its meaning in words beside it. */
export function PlanForm({ aside, children, ...props }: PlanFormProps): ReactElement {
  const text = useMessages(planMessages)
  const { draft, clientId, onChange, isReadOnly, errors } = props
  const { error } = useUpcomingTimes({ schedule: draft.schedule, limits: limitsOf(draft.limits), clientId })
  const scheduleErrors = errorsBelow({ ...fieldErrors(error), ...errors }, 'schedule')
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

function GeneralPart({ draft, onChange, plan, errors, isReadOnly }: PartProps): ReactElement {
  const text = useMessages(planMessages)
  const { data: repositories } = useQuery(planRepositoriesQuery)
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
          error={errors.repositoryId ?? missing}
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

function SourcePart({ clientId, draft, onChange, errors, isReadOnly }: PartProps): ReactElement {
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

function RetentionPart({ clientId, draft, onChange, plan, errors, isReadOnly }: PartProps): ReactElement {
  const inherited = useInheritedRetention(clientId)
  if (inherited === undefined) return <Waiting lines={3} />
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

type FurtherPart = 'hooks' | 'limits' | 'tags'

function FurtherParts({ draft, onChange, errors, isReadOnly }: PartProps): ReactElement {
  const text = useMessages(planMessages)
  const hooksText = useMessages(hooksMessages)
  const [opened, setOpened] = useState<readonly string[]>([])
  const { hooks } = draft
  const wrong = (['hooks', 'limits', 'tags'] as const).filter((part) => Object.keys(errors).some((path) => path.startsWith(part)))
  const commandCount = hooks.pre.length + hooks.post.length + hooks.onFailure.length
  const part = (
    name: FurtherPart,
    title: string,
    { note, children }: { readonly note?: string; readonly children: ReactNode },
  ): ReactElement => (
    <Accordion.Item value={name} key={name}>
      <Accordion.Control>
        <Text span fw={650}>
          {title}
        </Text>
        {note === undefined ? null : (
          <Text span size="sm" c="dimmed" ml="sm">
            {note}
          </Text>
        )}
      </Accordion.Control>
      <Accordion.Panel>{children}</Accordion.Panel>
    </Accordion.Item>
  )
  return (
    <Accordion
      multiple
      order={2}
      variant="separated"
      value={[...new Set([...opened, ...wrong])]}
      onChange={setOpened}
      classNames={{ item: classes.further ?? '' }}
    >
      {part('hooks', text.commands, {
        note: hooksText.count(commandCount),
        children: (
          <HooksEditor
            value={hooks}
            onChange={(changed) => onChange({ hooks: changed })}
            isReadOnly={isReadOnly}
            errors={errorsBelow(errors, 'hooks')}
          />
        ),
      })}
      {part('limits', text.limits, {
        children: (
          <Stack gap="sm">
            <Text size="sm" c="dimmed">
              {text.limitsHelp}
            </Text>
            <LimitsFields
              value={draft.limits}
              onChange={(limits) => onChange({ limits })}
              isReadOnly={isReadOnly}
              errors={errorsBelow(errors, 'limits')}
            />
          </Stack>
        ),
      })}
      {part('tags', text.more, { children: <TagsPart {...{ draft, onChange, errors, isReadOnly }} /> })}
    </Accordion>
  )
}

function TagsPart({ draft, onChange, errors, isReadOnly }: Pick<PartProps, 'draft' | 'onChange' | 'errors' | 'isReadOnly'>): ReactElement {
  const text = useMessages(planMessages)
  const levels = {
    auto: text.compressionAuto,
    off: text.compressionOff,
    fastest: text.compressionFastest,
    better: text.compressionBetter,
    max: text.compressionMax,
  } as const
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <TagsInput
        label={text.tags}
        description={text.tagsHint}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        value={[...draft.tags]}
        onChange={(tags) => onChange({ tags })}
        error={errors.tags ?? Object.values(errorsBelow(errors, 'tags'))[0]}
        readOnly={isReadOnly}
        splitChars={[',']}
        maxTags={50}
      />
      <NativeSelect
        label={text.compression}
        data={Object.entries(levels).map(([value, label]) => ({ value, label }))}
        value={draft.compression}
        onChange={({ currentTarget }) => onChange({ compression: currentTarget.value as PlanDraft['compression'] })}
        disabled={isReadOnly}
      />
    </SimpleGrid>
  )
}
