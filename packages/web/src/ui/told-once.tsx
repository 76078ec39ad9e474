import { Button, Group, Stack } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import { CopyText } from './copy-text.tsx'

export interface ToldOnceProps {
  /** What it is for, and that it is not shown again. */
  readonly children: ReactNode
  readonly label: string
  readonly value: string
  readonly doneLabel: string
  readonly onDone: () => void
}

/** A secret that is shown this once, to be copied. Its dialog has {@link UNTIL_DONE}. */
export function ToldOnce({ children, label, value, doneLabel, onDone }: ToldOnceProps): ReactElement {
  return (
    <Stack gap="md">
      {children}
      <CopyText value={value} label={label} />
      <Group justify="flex-end">
        <Button onClick={onDone}>{doneLabel}</Button>
      </Group>
    </Stack>
  )
}

/** Of a dialog that nothing closes but its own button. */
export const UNTIL_DONE = { closeOnClickOutside: false, closeOnEscape: false, withCloseButton: false } as const
