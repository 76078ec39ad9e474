import { Group, NativeSelect, NumberInput } from '@mantine/core'
import { type ReactElement, type ReactNode, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { sourceMessages } from './messages.ts'

export interface BytesFieldProps {
  readonly label: string
  readonly description?: ReactNode
  readonly value: number | undefined
  onChange(value: number | undefined): void
  readonly isReadOnly?: boolean
  readonly error?: string | undefined
  /** What stands behind the unit: `/s`. */
  readonly suffix?: string
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** An amount of bytes in a unit of its own; empty for none. */
export function BytesField({ label, description, value, onChange, isReadOnly = false, error, suffix = '' }: BytesFieldProps): ReactElement {
  const text = useMessages(sourceMessages)
  const [power, setPower] = useState(() => (value === undefined ? 2 : powerOf(value)))
  const amount = value === undefined ? '' : value / 1024 ** power
  const change = (shown: number | string, unit: number): void => {
    onChange(typeof shown === 'number' && shown > 0 ? Math.max(1, Math.round(shown * 1024 ** unit)) : undefined)
  }
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <NumberInput
        label={label}
        description={description}
        placeholder={text.noLimit}
        value={amount}
        onChange={(shown) => change(shown, power)}
        readOnly={isReadOnly}
        error={error}
        min={0}
        decimalScale={3}
        style={{ flex: 1 }}
      />
      <NativeSelect
        aria-label={`${label}: ${text.unit}`}
        data={UNITS.map((unit, index) => ({ value: String(index), label: `${unit}${suffix}` }))}
        value={String(power)}
        onChange={({ currentTarget }) => {
          const unit = Number(currentTarget.value)
          setPower(unit)
          change(amount, unit)
        }}
        disabled={isReadOnly}
        w={suffix === '' ? 90 : 104}
      />
    </Group>
  )
}

/** The largest unit of which it is a whole number. */
function powerOf(value: number): number {
  let power = 0
  while (power < UNITS.length - 1 && value % 1024 ** (power + 1) === 0) power++
  return power
}
