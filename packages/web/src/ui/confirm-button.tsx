import { Button, type ButtonProps, Group, Modal, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ReactElement, type ReactNode, useState } from 'react'
import { useMessages } from '../app/language.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { shownText } from './message-text.tsx'
import { uiMessages } from './messages.ts'

export interface ConfirmButtonProps extends ButtonProps {
  /** What the button says. */
  readonly children: ReactNode
  /** Heading of the dialog. */
  readonly title: string
  /** What will happen, and what will not come back. */
  readonly question: ReactNode
  readonly confirmLabel: string
  /** Says what leaving the dialog means, where “Cancel” would be taken for the deed itself. */
  readonly cancelLabel?: string
  readonly danger?: boolean
  /** False while what is asked in `question` is not answered. */
  readonly isConfirmable?: boolean
  /** The dialog stays open until it is done, and shows why it failed. */
  readonly onConfirm: () => Promise<unknown>
}

/** A button that asks before it acts. */
export function ConfirmButton({
  children,
  title,
  question,
  confirmLabel,
  cancelLabel,
  danger,
  isConfirmable,
  onConfirm,
  ...button
}: ConfirmButtonProps): ReactElement {
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" {...button} {...(danger === true ? { color: 'red', variant: 'light' } : {})} onClick={open}>
        {children}
      </Button>
      <ConfirmDialog
        isOpen={isOpen}
        onClose={close}
        title={title}
        question={question}
        confirmLabel={confirmLabel}
        {...(cancelLabel === undefined ? {} : { cancelLabel })}
        danger={danger === true}
        isConfirmable={isConfirmable !== false}
        onConfirm={onConfirm}
      />
    </>
  )
}

export interface ConfirmDialogProps
  extends Pick<ConfirmButtonProps, 'title' | 'question' | 'confirmLabel' | 'cancelLabel' | 'danger' | 'isConfirmable' | 'onConfirm'> {
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** The dialog of a `ConfirmButton`, for menus and the like. */
export function ConfirmDialog({
  isOpen,
  onClose,
  title,
  question,
  confirmLabel,
  cancelLabel,
  danger,
  isConfirmable,
  onConfirm,
}: ConfirmDialogProps): ReactElement {
  const text = useMessages(uiMessages)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  // What failed is not told again when somebody comes back.
  const close = (): void => {
    setFailure(undefined)
    onClose()
  }
  const confirm = async (): Promise<void> => {
    setBusy(true)
    setFailure(undefined)
    try {
      await onConfirm()
      onClose()
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={isOpen} onClose={close} title={shownText(title)} closeButtonProps={{ 'aria-label': text.close }}>
      <Text size="sm" component="div" mb="md">
        {shownText(question)}
      </Text>
      {failure === undefined ? null : <FailureNotice failure={failure} />}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close}>
          {cancelLabel ?? text.cancel}
        </Button>
        <Button
          {...(danger === true ? { color: 'red.8' } : {})}
          loading={isBusy}
          disabled={isConfirmable === false}
          onClick={() => void confirm()}
        >
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  )
}
