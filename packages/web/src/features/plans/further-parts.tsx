import type { Plan } from '@holdfast/protocol'
import { Accordion, NativeSelect, SimpleGrid, Stack, TagsInput, Text } from '@mantine/core'
import { type ReactElement, type ReactNode, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { LimitsFields } from '../clients/limits-fields.tsx'
import { CommandsNote } from '../clients/policy-note.tsx'
import { errorsBelow } from '../sources/json-schema.ts'
import { HooksEditor } from './hooks-editor.tsx'
import { hooksMessages } from './hooks-messages.ts'
import { planMessages } from './messages.ts'
import type { PlanDraft } from './plan-draft.ts'
import classes from './plan-form.module.css'

/** What every part of the form of a plan is given. */
export interface PlanPartProps {
  readonly clientId: number
  readonly draft: PlanDraft
  onChange(changes: Partial<PlanDraft>): void
  /** What is stored; undefined for a new plan. */
  readonly plan?: Plan
  /** What is wrong with single fields, by their paths with dots. */
  readonly errors: Readonly<Record<string, string>>
  readonly isReadOnly: boolean
}

type FurtherPart = 'hooks' | 'limits' | 'tags'

/** What few plans say: commands, limits, tags. What is wrong in there opens it. */
export function FurtherParts({ clientId, draft, onChange, errors, isReadOnly }: PlanPartProps): ReactElement {
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
          <Stack gap="md">
            <CommandsNote clientId={clientId} />
            <HooksEditor
              value={hooks}
              onChange={(changed) => onChange({ hooks: changed })}
              isReadOnly={isReadOnly}
              errors={errorsBelow(errors, 'hooks')}
            />
          </Stack>
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

function TagsPart({
  draft,
  onChange,
  errors,
  isReadOnly,
}: Pick<PlanPartProps, 'draft' | 'onChange' | 'errors' | 'isReadOnly'>): ReactElement {
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
