import { ActionIcon, Code, CopyButton, Group, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'

/** Text to be typed or kept somewhere, with a button that copies it. */
export function CopyText({ value, label }: { readonly value: string; readonly label?: string }): ReactElement {
  const text = useMessages(uiMessages)
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Code block style={{ flex: 1, minWidth: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {value}
      </Code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? text.copied : text.copy}>
            <ActionIcon variant="default" size="lg" onClick={copy} aria-label={label === undefined ? text.copy : `${text.copy}: ${label}`}>
              {copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  )
}
