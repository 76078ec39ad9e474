import type { Role } from '@holdfast/protocol'
import { Radio, Stack } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { usersMessages } from './users-messages.ts'

export interface RoleFieldProps {
  readonly value: Role
  readonly onChange: (role: Role) => void
  /** Why it cannot be changed. */
  readonly locked?: string | undefined
}

/** What a user may do. */
export function RoleField({ value, onChange, locked }: RoleFieldProps): ReactElement {
  const text = useMessages(usersMessages)
  const roles: readonly { readonly role: Role; readonly label: string; readonly help: string }[] = [
    { role: 'admin', label: text.admin, help: text.adminHelp },
    { role: 'operator', label: text.operator, help: text.operatorHelp },
    { role: 'viewer', label: text.viewer, help: text.viewerHelp },
  ]
  return (
    <Radio.Group label={text.role} description={locked} value={value} onChange={(role) => onChange(role as Role)}>
      <Stack gap="xs" mt="xs">
        {roles.map(({ role, label, help }) => (
          <Radio key={role} value={role} label={label} description={help} disabled={locked !== undefined && role !== value} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
