import { Button, Group, Modal, Text } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'

/** Asks before somebody leaves a page, or closes it, on which something is not saved. Ways that lead on afterwards ignore blockers. */
export function UnsavedGuard({ isUnsaved }: { readonly isUnsaved: boolean }): ReactElement | null {
  const text = useMessages(uiMessages)
  const blocker = useBlocker({ shouldBlockFn: () => isUnsaved, enableBeforeUnload: isUnsaved, withResolver: true })
  if (blocker.status !== 'blocked') return null
  return (
    <Modal opened onClose={blocker.reset} title={text.leaveTitle} closeButtonProps={{ 'aria-label': text.stay }}>
      <Text size="sm">{text.leaveQuestion}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={blocker.reset}>
          {text.stay}
        </Button>
        <Button color="red.8" onClick={blocker.proceed}>
          {text.leave}
        </Button>
      </Group>
    </Modal>
  )
}
