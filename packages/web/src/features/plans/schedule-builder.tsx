import type { Schedule } from '@holdfast/protocol'
import { Chip, Group, Input, NativeSelect, NumberInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core'
import { type ReactElement, useMemo, useState } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { changedKind, choiceOf, cronOf, INTERVALS_MINUTES, type ScheduleChoice, type ScheduleKind, weekOf } from './schedule-choice.ts'
import { scheduleMessages } from './schedule-messages.ts'
import { dayNames } from './schedule-words.ts'

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
/** Beyond it some months have no such day. */
const DAY_IN_EVERY_MONTH = 28

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

interface ChoiceFieldsProps {
  readonly choice: ScheduleChoice
  onChange(choice: ScheduleChoice): void
  readonly isReadOnly: boolean
  readonly error: string | undefined
}

function ChoiceFields({ choice, onChange, isReadOnly, error }: ChoiceFieldsProps): ReactElement | null {
  const text = useMessages(scheduleMessages)
  switch (choice.kind) {
    case 'manual':
      return null
    case 'interval':
      return <IntervalFields choice={choice} onChange={onChange} isReadOnly={isReadOnly} />
    case 'cron':
      return (
        <TextInput
          label={text.expression}
          description={text.expressionHint}
          value={choice.cron}
          onChange={({ currentTarget }) => onChange({ kind: 'cron', cron: currentTarget.value })}
          error={error}
          readOnly={isReadOnly}
          required
          maxLength={200}
          spellCheck={false}
          autoComplete="off"
          maw={420}
        />
      )
    default:
      return (
        <Group align="flex-start" gap="md">
          {choice.kind === 'weekly' ? (
            <WeekDays days={choice.days} isReadOnly={isReadOnly} onChange={(days) => onChange({ ...choice, days })} />
          ) : null}
          {choice.kind === 'monthly' ? (
            <MonthDay day={choice.day} isReadOnly={isReadOnly} onChange={(day) => onChange({ ...choice, day })} />
          ) : null}
          <TextInput
            type="time"
            label={text.time}
            value={`${two(choice.hour)}:${two(choice.minute)}`}
            onChange={({ currentTarget }) => onChange({ ...choice, ...timeOf(currentTarget.value, choice) })}
            error={error}
            readOnly={isReadOnly}
            required
            w={130}
          />
        </Group>
      )
  }
}

function IntervalFields({
  choice,
  onChange,
  isReadOnly,
}: {
  readonly choice: Extract<ScheduleChoice, { readonly kind: 'interval' }>
  onChange(choice: ScheduleChoice): void
  readonly isReadOnly: boolean
}): ReactElement {
  const text = useMessages(scheduleMessages)
  const { everyMinutes, minute } = choice
  return (
    <Group align="flex-start" gap="md">
      <NativeSelect
        label={text.every}
        data={INTERVALS_MINUTES.map((every) => ({
          value: String(every),
          label: every < 60 ? text.minutes(every) : text.hours(every / 60),
        }))}
        value={String(everyMinutes)}
        onChange={({ currentTarget }) => {
          const every = Number(currentTarget.value)
          onChange({ kind: 'interval', everyMinutes: every, minute: every < 60 ? 0 : minute })
        }}
        disabled={isReadOnly}
      />
      {everyMinutes < 60 ? null : (
        <NumberInput
          label={text.minute}
          value={minute}
          onChange={(shown) =>
            onChange({ ...choice, minute: typeof shown === 'number' ? Math.min(59, Math.max(0, Math.floor(shown))) : 0 })
          }
          readOnly={isReadOnly}
          min={0}
          max={59}
          allowDecimal={false}
          w={190}
        />
      )}
    </Group>
  )
}

interface WeekDaysProps {
  readonly days: readonly number[]
  onChange(days: readonly number[]): void
  readonly isReadOnly: boolean
}

function WeekDays({ days, onChange, isReadOnly }: WeekDaysProps): ReactElement {
  const text = useMessages(scheduleMessages)
  const { language } = useLanguage()
  const names = dayNames(language, 'short')
  return (
    <Input.Wrapper label={text.days} labelElement="div">
      <Chip.Group
        multiple
        value={days.map(String)}
        // A week without a day would never come.
        onChange={(chosen) => (chosen.length === 0 ? undefined : onChange(weekOf(chosen.map(Number))))}
      >
        <Group gap={4} mt={4} role="group" aria-label={text.days}>
          {weekOf([0, 1, 2, 3, 4, 5, 6]).map((day) => (
            <Chip key={day} value={String(day)} disabled={isReadOnly} size="sm" radius="md">
              {names[day]}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Input.Wrapper>
  )
}

interface MonthDayProps {
  readonly day: number | 'last'
  onChange(day: number | 'last'): void
  readonly isReadOnly: boolean
}

function MonthDay({ day, onChange, isReadOnly }: MonthDayProps): ReactElement {
  const text = useMessages(scheduleMessages)
  const days = Array.from({ length: 31 }, (_, index) => String(index + 1))
  return (
    <div>
      <NativeSelect
        label={text.dayOfMonth}
        data={[...days.map((value) => ({ value, label: value })), { value: 'last', label: text.lastDay }]}
        value={String(day)}
        onChange={({ currentTarget: { value } }) => onChange(value === 'last' ? 'last' : Number(value))}
        disabled={isReadOnly}
        w={150}
      />
      {day !== 'last' && day > DAY_IN_EVERY_MONTH ? (
        <Text size="sm" c="dimmed" maw={260} mt={4}>
          {text.shortMonths}
        </Text>
      ) : null}
    </div>
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

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** A time field is empty while somebody types into it: the time stays as it was then. */
function timeOf(
  text: string,
  { hour, minute }: { readonly hour: number; readonly minute: number },
): { readonly hour: number; readonly minute: number } {
  const match = /^(\d\d):(\d\d)/.exec(text)
  return match === null ? { hour, minute } : { hour: Number(match[1]), minute: Number(match[2]) }
}
