import type { Schedule } from '@holdfast/protocol'
import { Chip, Group, Input, NumberInput, Select, Stack, Switch } from '@mantine/core'
import { type ReactElement, useMemo, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { ChoiceFields } from './choice-fields.tsx'
import { changedKind, choiceOf, cronOf, type ScheduleChoice, type ScheduleKind } from './schedule-choice.ts'
import { scheduleMessages } from './schedule-messages.ts'

export interface ScheduleBuilderProps {
  readonly value: Schedule
  onChange(value: Schedule): void
  readonly isReadOnly?: boolean
  /** Whether there is no spreading and no making up for missed runs. */
  readonly isBare?: boolean
  /** What is wrong with single fields, by their names. */
  readonly errors?: Readonly<Record<string, string>>
}

const KINDS: readonly ScheduleKind[] = ['interval', 'daily', 'weekly', 'monthly', 'cron', 'manual']
const JITTER_MINUTES_MAX = 1440

/** Says when a plan runs, by days and times of day, or by a cron expression for whoever wants something else. */
export function ScheduleBuilder({ value, onChange, isReadOnly = false, isBare = false, errors = {} }: ScheduleBuilderProps): ReactElement {
  const text = useMessages(scheduleMessages)
  const [isExpression, setExpression] = useState(false)
  const read = choiceOf(value.cron)
  const choice: ScheduleChoice = isExpression && value.cron !== null ? { kind: 'cron', cron: value.cron } : read
  const choose = (next: ScheduleChoice): void => {
    setExpression(next.kind === 'cron')
    onChange({ ...value, cron: cronOf(next) })
  }
  return (
    <Stack gap="md">
      <Input.Wrapper label={text.frequency} labelElement="div">
        <Chip.Group value={choice.kind} onChange={(kind) => choose(changedKind(choice, kind as ScheduleKind))}>
          <Group gap={6} mt={4} role="radiogroup" aria-label={text.frequency}>
            {KINDS.map((kind) => (
              <Chip key={kind} value={kind} disabled={isReadOnly} radius="md">
                {text[kind]}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Input.Wrapper>
      <ChoiceFields choice={choice} onChange={choose} isReadOnly={isReadOnly} error={errors.cron} />
      {choice.kind === 'manual' ? null : <TimingFields {...{ value, onChange, isReadOnly, isBare, errors }} />}
    </Stack>
  )
}

function TimingFields({ value, onChange, isReadOnly, isBare, errors }: Required<ScheduleBuilderProps>): ReactElement {
  const text = useMessages(scheduleMessages)
  const zones = useMemo(() => [...new Set(['UTC', value.timeZone, ...Intl.supportedValuesOf('timeZone')])], [value.timeZone])
  return (
    <Stack gap="md">
      <Group align="flex-start" gap="md">
        <Select
          label={text.timeZone}
          data={zones}
          value={value.timeZone}
          onChange={(timeZone) => onChange({ ...value, timeZone: timeZone ?? value.timeZone })}
          error={errors.timeZone}
          readOnly={isReadOnly}
          searchable
          allowDeselect={false}
          nothingFoundMessage={text.noZone}
          limit={60}
          style={{ flex: '1 1 14rem' }}
        />
        {isBare ? null : <JitterField {...{ value, onChange, isReadOnly, errors }} />}
      </Group>
      {isBare ? null : (
        <Switch
          label={text.catchUp}
          description={text.catchUpHint}
          checked={value.catchUp}
          onChange={({ currentTarget }) => onChange({ ...value, catchUp: currentTarget.checked })}
          disabled={isReadOnly}
        />
      )}
    </Stack>
  )
}

function JitterField({ value, onChange, isReadOnly, errors }: Required<Omit<ScheduleBuilderProps, 'isBare'>>): ReactElement {
  const text = useMessages(scheduleMessages)
  return (
    <NumberInput
      label={text.jitter}
      description={text.jitterHint}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      value={value.jitterSeconds / 60}
      onChange={(minutes) => onChange({ ...value, jitterSeconds: typeof minutes === 'number' ? Math.round(minutes * 60) : 0 })}
      error={errors.jitterSeconds}
      readOnly={isReadOnly}
      min={0}
      max={JITTER_MINUTES_MAX}
      suffix={text.minutesUnit}
      decimalScale={2}
      style={{ flex: '1 1 14rem' }}
    />
  )
}
