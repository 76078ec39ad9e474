import type { Blackout } from '@holdfast/protocol'
import { ActionIcon, Button, Chip, Group, NumberInput, SimpleGrid, Stack, Text, TextInput, Tooltip } from '@mantine/core'
import { IconMoonStars, IconTrash } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import type { LimitsDraft, NumberText } from './client-draft.ts'
import classes from './limits-fields.module.css'
import { settingsMessages } from './settings-messages.ts'

const BLACKOUTS_MAX = 20
const NIGHT: Blackout = { from: '22:00', to: '06:00' }
/** 4 January 1970 was a Sunday: the days of a week as languages name them. */
const SUNDAY_MS = 3 * 86_400_000
const DAY_MS = 86_400_000
const DAYS = [0, 1, 2, 3, 4, 5, 6]

export interface LimitsFieldsProps {
  readonly value: LimitsDraft
  readonly onChange: (value: LimitsDraft) => void
  readonly isReadOnly?: boolean
  /** What is wrong with single fields, by their names as the server knows them. */
  readonly errors?: Readonly<Record<string, string>>
}

/** How fast and how long backups may run, and when none begins. */
export function LimitsFields({ value, onChange, isReadOnly = false, errors = {} }: LimitsFieldsProps): ReactElement {
  const text = useMessages(settingsMessages)
  const change = (changes: Partial<LimitsDraft>): void => onChange({ ...value, ...changes })
  const common = { readOnly: isReadOnly, placeholder: text.unlimited }
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <RateField
          {...common}
          label={text.upload}
          value={value.uploadMegabytes}
          onChange={(uploadMegabytes) => change({ uploadMegabytes })}
          error={errors.uploadBytesPerSecond}
        />
        <RateField
          {...common}
          label={text.download}
          value={value.downloadMegabytes}
          onChange={(downloadMegabytes) => change({ downloadMegabytes })}
          error={errors.downloadBytesPerSecond}
        />
        <NumberInput
          {...common}
          label={text.duration}
          description={text.durationHint}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          suffix={` ${text.minutes}`}
          min={1}
          max={100_000}
          allowDecimal={false}
          value={value.maxDurationMinutes}
          onChange={(maxDurationMinutes) => change({ maxDurationMinutes })}
          error={errors.maxDurationMinutes}
        />
      </SimpleGrid>
      <Blackouts blackouts={value.blackouts} onChange={(blackouts) => change({ blackouts })} isReadOnly={isReadOnly} />
    </Stack>
  )
}

interface RateFieldProps {
  readonly label: string
  readonly value: NumberText
  readonly onChange: (value: NumberText) => void
  readonly placeholder: string
  readonly readOnly: boolean
  readonly error: string | undefined
}

function RateField(props: RateFieldProps): ReactElement {
  const text = useMessages(settingsMessages)
  return <NumberInput {...props} suffix={` ${text.perSecond}`} min={0.01} max={100_000} decimalScale={3} />
}

interface BlackoutsProps {
  readonly blackouts: readonly Blackout[]
  readonly onChange: (blackouts: readonly Blackout[]) => void
  readonly isReadOnly: boolean
}

function Blackouts({ blackouts, onChange, isReadOnly }: BlackoutsProps): ReactElement {
  const text = useMessages(settingsMessages)
  return (
    <Stack gap="xs" align="flex-start" role="group" aria-label={text.blackouts}>
      <div>
        <Text size="sm" fw={600}>
          {text.blackouts}
        </Text>
        <Text size="sm" c="dimmed">
          {text.blackoutsHint}
        </Text>
      </div>
      {blackouts.map((blackout, index) => (
        <BlackoutRow
          // biome-ignore lint/suspicious/noArrayIndexKey: windows have nothing else that tells them apart
          key={index}
          blackout={blackout}
          isReadOnly={isReadOnly}
          onChange={(changed) => onChange(blackouts.with(index, changed))}
          onRemove={() => onChange(blackouts.toSpliced(index, 1))}
        />
      ))}
      {isReadOnly || blackouts.length >= BLACKOUTS_MAX ? null : (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconMoonStars size={16} aria-hidden />}
          onClick={() => onChange([...blackouts, NIGHT])}
        >
          {text.addBlackout}
        </Button>
      )}
    </Stack>
  )
}

interface BlackoutRowProps {
  readonly blackout: Blackout
  readonly isReadOnly: boolean
  readonly onChange: (blackout: Blackout) => void
  readonly onRemove: () => void
}

function BlackoutRow({ blackout, isReadOnly, onChange, onRemove }: BlackoutRowProps): ReactElement {
  const text = useMessages(settingsMessages)
  const { from, to, days } = blackout
  const label = text.removeBlackout(from, to)
  const time = (name: 'from' | 'to'): ReactElement => (
    <TextInput
      type="time"
      label={text[name]}
      value={blackout[name]}
      readOnly={isReadOnly}
      required={!isReadOnly}
      onChange={(event) => onChange({ ...blackout, [name]: event.currentTarget.value })}
    />
  )
  const choose = (chosen: readonly string[]): void => {
    // No day, like all of them, is every day.
    const isSome = chosen.length > 0 && chosen.length < DAYS.length
    onChange({ from, to, ...(isSome ? { days: chosen.map(Number).toSorted() } : {}) })
  }
  return (
    <Group gap="sm" align="flex-end">
      {time('from')}
      {time('to')}
      <DayChips days={days} isReadOnly={isReadOnly} onChange={choose} />
      {isReadOnly ? null : (
        <Tooltip label={label}>
          <ActionIcon variant="default" size={36} aria-label={label} onClick={onRemove}>
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  )
}

interface DayChipsProps {
  readonly days: readonly number[] | undefined
  readonly isReadOnly: boolean
  readonly onChange: (days: readonly string[]) => void
}

function DayChips({ days, isReadOnly, onChange }: DayChipsProps): ReactElement {
  const text = useMessages(settingsMessages)
  const { language } = useLanguage()
  const format = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' })
  return (
    <fieldset className={classes.days}>
      <Text component="legend" size="sm" fw={600} mb={2} p={0}>
        {text.days}
        {days === undefined ? ` (${text.everyDay})` : ''}
      </Text>
      <Chip.Group multiple value={(days ?? []).map(String)} onChange={onChange}>
        <Group gap={4} mih={36}>
          {DAYS.map((day) => (
            <Chip key={day} value={String(day)} size="sm" disabled={isReadOnly} variant="outline">
              {format.format(SUNDAY_MS + day * DAY_MS)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </fieldset>
  )
}
