import { Chip, Group, Input, NativeSelect, NumberInput, Text, TextInput } from '@mantine/core'
import { type ReactElement, useState } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { INTERVALS_MINUTES, type ScheduleChoice, weekOf } from './schedule-choice.ts'
import { scheduleMessages } from './schedule-messages.ts'
import { dayNames } from './schedule-words.ts'

/** Beyond it some months have no such day. */
const DAY_IN_EVERY_MONTH = 28
/** Where a week breaks if it has to: a Sunday by itself looks lost. */
const WEEK = [
  [1, 2, 3, 4, 5],
  [6, 0],
] as const

export interface ChoiceFieldsProps {
  readonly choice: ScheduleChoice
  onChange(choice: ScheduleChoice): void
  readonly isReadOnly: boolean
  readonly error: string | undefined
}

/** The fields of one choice: its days, its time of day, its expression. */
export function ChoiceFields({ choice, onChange, isReadOnly, error }: ChoiceFieldsProps): ReactElement | null {
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
          <TimeField time={choice} onChange={(time) => onChange({ ...choice, ...time })} isReadOnly={isReadOnly} error={error} />
        </Group>
      )
  }
}

interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

interface TimeFieldProps extends Pick<ChoiceFieldsProps, 'isReadOnly' | 'error'> {
  readonly time: TimeOfDay
  onChange(time: TimeOfDay): void
}

/** A time of day. Emptied, it stays empty and says which time holds until there is another one. */
function TimeField({ time, onChange, isReadOnly, error }: TimeFieldProps): ReactElement {
  const text = useMessages(scheduleMessages)
  const [isEmpty, setEmpty] = useState(false)
  const shown = `${two(time.hour)}:${two(time.minute)}`
  const change = (entered: string): void => {
    const [, hour, minute] = /^(\d\d):(\d\d)/.exec(entered) ?? []
    setEmpty(hour === undefined)
    if (hour !== undefined) onChange({ hour: Number(hour), minute: Number(minute) })
  }
  return (
    <TextInput
      type="time"
      label={text.time}
      value={isEmpty ? '' : shown}
      onChange={({ currentTarget }) => change(currentTarget.value)}
      error={isEmpty ? text.timeMissing(shown) : error}
      readOnly={isReadOnly}
      required
      w={isEmpty ? 200 : 130}
      styles={{ input: { width: 130 } }}
    />
  )
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
          {WEEK.map((part) => (
            <Group key={part[0]} gap={4}>
              {part.map((day) => (
                <Chip key={day} value={String(day)} disabled={isReadOnly} size="sm" radius="md">
                  {names[day]}
                </Chip>
              ))}
            </Group>
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

function two(value: number): string {
  return String(value).padStart(2, '0')
}
