import type { ResticAccessView, ResticPassword } from '@holdfast/protocol'
import { Alert, Group, Stack, Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { CopyText } from '../../ui/copy-text.tsx'
import { repositoryMessages } from './messages.ts'
import { resticAccessQuery } from './queries.ts'
import { resticCommands } from './restic-commands.ts'

export interface ResticPasswordPanelProps {
  readonly clientId: number
  readonly access: ResticAccessView
}

/** The password by which a client signs in with restic: made, shown once with what to type, and ended. */
export function ResticPasswordPanel({ clientId, access }: ResticPasswordPanelProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const client = useQueryClient()
  const { mayManage } = useRights()
  const [made, setMade] = useState<ResticPassword>()
  const path = `/api/v1/clients/${clientId}/restic/password`
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: resticAccessQuery(clientId).queryKey })
  const make = async (): Promise<void> => {
    setMade(await api.post<ResticPassword>(path))
    await refresh()
  }
  const revoke = async (): Promise<void> => {
    await api.delete(path)
    setMade(undefined)
    await refresh()
  }
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{access.hasPassword ? text.accessPasswordSet : text.accessPasswordMissing}</Text>
        {mayManage ? <PasswordButtons hasPassword={access.hasPassword} onMake={make} onRevoke={revoke} /> : null}
      </Group>
      {made === undefined ? null : <MadePassword made={made} access={access} />}
    </Stack>
  )
}

interface PasswordButtonsProps {
  readonly hasPassword: boolean
  readonly onMake: () => Promise<void>
  readonly onRevoke: () => Promise<void>
}

function PasswordButtons({ hasPassword, onMake, onRevoke }: PasswordButtonsProps): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Group gap="xs">
      <ConfirmButton
        size="xs"
        title={hasPassword ? text.accessPasswordTitle : text.accessFirstPassword}
        question={hasPassword ? text.accessPasswordQuestion : text.accessShownOnce}
        confirmLabel={text.accessPasswordConfirm}
        onConfirm={onMake}
      >
        {hasPassword ? text.accessNewPassword : text.accessFirstPassword}
      </ConfirmButton>
      {hasPassword ? (
        <ConfirmButton
          size="xs"
          title={text.accessRevokeTitle}
          question={text.accessRevokeQuestion}
          confirmLabel={text.accessRevoke}
          danger
          onConfirm={onRevoke}
        >
          {text.accessRevoke}
        </ConfirmButton>
      ) : null}
    </Group>
  )
}

function MadePassword({ made, access }: { readonly made: ResticPassword; readonly access: ResticAccessView }): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Alert color="orange" variant="light" icon={<IconKey aria-hidden />} title={text.accessShownOnce}>
      <Stack gap="sm">
        <LabelledText label={text.accessUser} value={made.username} />
        <LabelledText label={text.accessPassword} value={made.password} />
        <Text size="sm">{text.accessHowToHint}</Text>
        {access.repositories.map(({ repositoryId, repositoryName, path }) => (
          <LabelledText
            key={repositoryId}
            label={`${text.accessHowTo}: ${repositoryName}`}
            value={resticCommands(window.location.origin, { path, ...made })}
          />
        ))}
      </Stack>
    </Alert>
  )
}

function LabelledText({ label, value }: { readonly label: string; readonly value: string }): ReactElement {
  return (
    <div>
      <Text size="sm" fw={600} mb={2}>
        {label}
      </Text>
      <CopyText value={value} label={label} />
    </div>
  )
}
