import { Group, NativeSelect, NumberInput } from '@mantine/core'
import { type ReactElement, type ReactNode, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { BYTE_UNITS, bytesOf, type EnteredBytes, shownBytes } from './bytes-amount.ts'
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

/** An amount of bytes in a unit of its own; empty for none. What is no amount is said, and given as a number that cannot be saved. */
export function BytesField({ label, description, value, onChange, isReadOnly = false, error, suffix = '' }: BytesFieldProps): ReactElement {
  const text = useMessages(sourceMessages)
  const [entered, setEntered] = useState<EnteredBytes>()
  const shown = shownBytes(value, entered)
  const { fault } = bytesOf(shown)
  const change = (changes: Partial<EnteredBytes>): void => {
    const next = { ...shown, ...changes }
    setEntered(next)
    onChange(bytesOf(next).bytes)
  }
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <NumberInput
        label={label}
        description={description}
        placeholder={text.noLimit}
        value={shown.amount}
        onChange={(amount) => change({ amount })}
        readOnly={isReadOnly}
        error={fault === undefined ? error : text[fault]}
        min={0}
        clampBehavior="none"
        decimalScale={3}
        style={{ flex: 1 }}
      />
      <NativeSelect
        aria-label={`${label}: ${text.unit}`}
        data={BYTE_UNITS.map((unit, index) => ({ value: String(index), label: `${unit}${suffix}` }))}
        value={String(shown.unit)}
        onChange={({ currentTarget }) => change({ unit: Number(currentTarget.value) })}
        disabled={isReadOnly}
        w={suffix === '' ? 90 : 104}
      />
    </Group>
  )
}
