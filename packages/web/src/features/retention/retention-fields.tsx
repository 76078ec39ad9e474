import type { Retention } from '@holdfast/protocol'
import { Fieldset, Group, NumberInput, Radio, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconInfoCircle } from '@tabler/icons-react'
import { type ReactElement, useState } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { retentionMessages } from './messages.ts'
import { keepsEverything, retentionWords } from './retention-words.ts'

/** What counts where nothing is set, and whose it is. */
export interface InheritedRetention {
  readonly retention: Retention | null
  readonly from: 'client' | 'owner' | 'nobody'
}

/** What is inherited while it is not known: not yet, or because it could not be found out. */
export interface UnknownRetention {
  readonly failure: Error | null
  retry(): void
}

export interface RetentionFieldsProps {
  /** Null: as it is inherited; everything is kept where nothing is. */
  readonly value: Retention | null
  onChange(value: Retention | null): void
  /** Not given where there is nobody to inherit from, as with the defaults of a user. */
  readonly inherited?: InheritedRetention | UnknownRetention | undefined
  readonly isReadOnly?: boolean
  /** What is wrong with single fields, by their names. */
  readonly errors?: Readonly<Record<string, string>>
}

type Mode = 'inherit' | 'everything' | 'limits'
type Field = keyof Retention

const FIRST_LIMITS: Retention = { daily: 7, weekly: 4, monthly: 12 }
const COUNT_MAX = 100_000

/** Fields for how long snapshots are kept: inherited, for ever, or within limits. It says in words what is set. */
export function RetentionFields({ value, onChange, inherited, isReadOnly = false, errors = {} }: RetentionFieldsProps): ReactElement {
  const text = useMessages(retentionMessages)
  const { language } = useLanguage()
  const [isLimiting, setLimiting] = useState(false)
  const mode = modeOf(value, { canInherit: inherited !== undefined, isLimiting })
  const choose = (wanted: Mode): void => {
    setLimiting(wanted === 'limits')
    if (wanted === 'limits') onChange(keepsEverything(value) ? FIRST_LIMITS : value)
    else onChange(wanted === 'inherit' || inherited === undefined ? null : {})
  }
  const modes = [
    ...(inherited === undefined ? [] : [{ value: 'inherit', label: text.modeInherit }]),
    { value: 'everything', label: text.modeEverything },
    { value: 'limits', label: text.modeLimits },
  ]
  return (
    <Stack gap="sm">
      <Radio.Group value={mode} onChange={(wanted) => choose(wanted as Mode)} aria-label={text.title}>
        <Group gap="md">
          {modes.map((one) => (
            <Radio key={one.value} value={one.value} label={one.label} disabled={isReadOnly} />
          ))}
        </Group>
      </Radio.Group>
      {mode === 'limits' ? <Limits {...{ value: value ?? {}, onChange, isReadOnly, errors }} /> : null}
      <Text size="sm" component="div">
        {mode === 'inherit' && inherited !== undefined ? (
          <InheritedWords inherited={inherited} />
        ) : (
          sentence(retentionWords(value, language))
        )}
      </Text>
      {mode === 'limits' ? (
        <Text size="sm" c="dimmed" component="div">
          <Group gap={6} wrap="nowrap" align="flex-start">
            <IconInfoCircle size={16} aria-hidden style={{ flex: 'none', marginTop: 3 }} />
            {text.always}
          </Group>
        </Text>
      ) : null}
    </Stack>
  )
}

function InheritedWords({ inherited }: { readonly inherited: InheritedRetention | UnknownRetention }): ReactElement {
  const text = useMessages(retentionMessages)
  const { language } = useLanguage()
  if ('retry' in inherited) {
    const { failure, retry } = inherited
    return failure === null ? <Waiting lines={1} /> : <FailureNotice title={text.inheritedUnknown} failure={failure} retry={retry} />
  }
  const { retention, from } = inherited
  const origin = { client: text.fromClient, owner: text.fromOwner, nobody: text.fromNobody }[from]
  return <>{text.inheritedWords(origin, retentionWords(retention, language))}</>
}

interface LimitsProps {
  readonly value: Retention
  onChange(value: Retention): void
  readonly isReadOnly: boolean
  readonly errors: Readonly<Record<string, string>>
}

function Limits({ value, onChange, isReadOnly, errors }: LimitsProps): ReactElement {
  const text = useMessages(retentionMessages)
  const field = (name: Field): ReactElement => (
    <NumberInput
      key={name}
      label={text[name]}
      value={value[name] ?? ''}
      onChange={(count) => onChange(withCount(value, name, count))}
      error={errors[name]}
      readOnly={isReadOnly}
      min={1}
      max={COUNT_MAX}
      allowDecimal={false}
      allowNegative={false}
      placeholder="–"
    />
  )
  return (
    <Stack gap="sm">
      <Fieldset legend={text.limitsTitle} variant="default">
        <Text size="sm" c="dimmed" mb="xs">
          {text.limitsHelp}
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          {field('versions')}
          {field('days')}
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend={text.countsTitle} variant="default">
        <Text size="sm" c="dimmed" mb="xs">
          {text.countsHelp}
        </Text>
        <SimpleGrid cols={{ base: 2, xs: 3, md: 5 }} spacing="sm">
          {(['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).map(field)}
        </SimpleGrid>
      </Fieldset>
    </Stack>
  )
}

function modeOf(value: Retention | null, { canInherit, isLimiting }: { readonly canInherit: boolean; readonly isLimiting: boolean }): Mode {
  if (value === null && canInherit) return 'inherit'
  return keepsEverything(value) && !isLimiting ? 'everything' : 'limits'
}

function withCount(value: Retention, name: Field, count: number | string): Retention {
  const { [name]: _before, ...others } = value
  return typeof count === 'number' && count >= 1 ? { ...others, [name]: Math.floor(count) } : others
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
