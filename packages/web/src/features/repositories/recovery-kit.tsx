import type { RepositoryView } from '@holdfast/protocol'
import { Alert, type ButtonProps, Checkbox, Group, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconLifebuoy } from '@tabler/icons-react'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { saveText } from '../../ui/save-text.ts'
import { Section } from '../../ui/section.tsx'
import { repositoryMessages } from './messages.ts'
import { fetchRecoveryKit } from './queries.ts'

/** Downloads what restores without this server, after saying what it is worth to a thief. */
export function RecoveryKit({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Section title={text.kit} description={text.kitHint}>
      <Group>
        <RecoveryKitButton
          repositoryId={repository.id}
          fileName={`holdfast-recovery-kit-${repository.name.replace(/[^\p{L}\p{N}_-]+/gu, '-')}.md`}
        />
      </Group>
    </Section>
  )
}

export interface RecoveryKitButtonProps extends ButtonProps {
  readonly repositoryId: number
  readonly fileName: string
}

/** The button alone. What is not the kit is told, and never saved as if it were. */
export function RecoveryKitButton({ repositoryId, fileName, ...button }: RecoveryKitButtonProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const [isUnderstood, setUnderstood] = useState(false)
  const download = async (): Promise<void> => {
    saveText(await fetchRecoveryKit(repositoryId), fileName)
    setUnderstood(false)
  }
  return (
    <ConfirmButton
      leftSection={<IconLifebuoy size={16} aria-hidden />}
      {...button}
      title={text.kitDownload}
      question={<Warning isUnderstood={isUnderstood} onUnderstood={setUnderstood} />}
      confirmLabel={text.kitConfirm}
      isConfirmable={isUnderstood}
      onConfirm={download}
    >
      {text.kitDownload}
    </ConfirmButton>
  )
}

interface WarningProps {
  readonly isUnderstood: boolean
  readonly onUnderstood: (isUnderstood: boolean) => void
}

function Warning({ isUnderstood, onUnderstood }: WarningProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Stack gap="sm">
      <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text.kitWarningTitle}>
        <Text size="sm">{text.kitWarning}</Text>
      </Alert>
      <Checkbox label={text.kitUnderstood} checked={isUnderstood} onChange={({ currentTarget }) => onUnderstood(currentTarget.checked)} />
    </Stack>
  )
}
