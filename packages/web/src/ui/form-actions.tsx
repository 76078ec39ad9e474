import { Button, Group, type GroupProps } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'

export interface FormActionsProps extends Pick<GroupProps, 'mt'> {
  /** What submitting does. */
  readonly label: string
  readonly isBusy: boolean
  readonly isDanger?: boolean
  readonly isDisabled?: boolean
  readonly onCancel: () => void
}

/** The end of a form in a dialog: submits it, or leaves it. */
export function FormActions({ label, isBusy, isDanger, isDisabled, onCancel, mt }: FormActionsProps): ReactElement {
  const text = useMessages(uiMessages)
  return (
    <Group justify="flex-end" {...(mt === undefined ? {} : { mt })}>
      <Button variant="default" onClick={onCancel}>
        {text.cancel}
      </Button>
      <Button type="submit" loading={isBusy} disabled={isDisabled === true} {...(isDanger === true ? { color: 'red.8' } : {})}>
        {label}
      </Button>
    </Group>
  )
}
