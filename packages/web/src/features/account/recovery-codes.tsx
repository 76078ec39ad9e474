import { Alert, Button, Code, CopyButton, Group, SimpleGrid, Stack } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconCopy, IconDownload } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useMe } from '../../app/session.tsx'
import { saveText } from '../../ui/save-text.ts'
import { secondFactorMessages } from './second-factor-messages.ts'

export interface RecoveryCodesProps {
  readonly codes: readonly string[]
  readonly onKept: () => void
}

/** Shows recovery codes, the only time that they are known. */
export function RecoveryCodes({ codes, onKept }: RecoveryCodesProps): ReactElement {
  const text = useMessages(secondFactorMessages)
  const { username } = useMe()
  const content = `${text.fileHeading(username)}\n\n${codes.join('\n')}\n`
  return (
    <Stack gap="md">
      <Alert variant="light" color="orange" icon={<IconAlertTriangle aria-hidden />}>
        {text.codesHelp}
      </Alert>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" component="ul" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
        {codes.map((code) => (
          <li key={code}>
            <Code block ta="center">
              {code}
            </Code>
          </li>
        ))}
      </SimpleGrid>
      <Group justify="space-between">
        <Group gap="xs">
          <CopyButton value={codes.join('\n')}>
            {({ copied, copy }) => (
              <Button variant="default" leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={copy}>
                {copied ? text.copied : text.copyAll}
              </Button>
            )}
          </CopyButton>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} />}
            onClick={() => saveText(content, 'holdfast-recovery-codes.txt')}
          >
            {text.download}
          </Button>
        </Group>
        <Button onClick={onKept}>{text.kept}</Button>
      </Group>
    </Stack>
  )
}
