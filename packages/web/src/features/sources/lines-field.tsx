import { Textarea, type TextareaProps } from '@mantine/core'
import { type ReactElement, useState } from 'react'

export interface LinesFieldProps extends Pick<TextareaProps, 'label' | 'description' | 'error' | 'required' | 'placeholder'> {
  readonly value: readonly string[]
  onChange(value: readonly string[]): void
  readonly isReadOnly?: boolean
}

/** A list of texts, one in each line. Empty lines, which somebody may be about to fill, are not part of it. */
export function LinesField({ value, onChange, isReadOnly = false, ...field }: LinesFieldProps): ReactElement {
  const [typed, setTyped] = useState(() => value.join('\n'))
  const isCurrent = isSame(linesOf(typed), value)
  return (
    <Textarea
      {...field}
      value={isCurrent ? typed : value.join('\n')}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value)
        onChange(linesOf(currentTarget.value))
      }}
      readOnly={isReadOnly}
      autosize
      minRows={2}
      maxRows={12}
      spellCheck={false}
      autoCapitalize="off"
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
    />
  )
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '')
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index])
}
