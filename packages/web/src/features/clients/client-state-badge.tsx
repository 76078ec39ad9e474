import type { ClientState } from '@holdfast/protocol'
import { IconAlertTriangle, IconBan, IconCircleDashed, IconClockExclamation, IconShieldCheck } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { clientMessages } from './messages.ts'

/** How a client is, by word, sign and colour. */
export function ClientStateBadge({ state }: { readonly state: ClientState }): ReactElement {
  const label = useClientStateLabels()[state]
  const { color, Icon } = {
    ok: { color: 'kelp', Icon: IconShieldCheck },
    failed: { color: 'red', Icon: IconAlertTriangle },
    overdue: { color: 'orange', Icon: IconClockExclamation },
    never: { color: 'blue', Icon: IconCircleDashed },
    disabled: { color: 'gray', Icon: IconBan },
  }[state]
  return <StateBadge color={color} label={label} icon={<Icon size={13} aria-hidden />} />
}

/** What the states of clients are called. */
export function useClientStateLabels(): Readonly<Record<ClientState, string>> {
  const text = useMessages(clientMessages)
  return {
    ok: text.stateOk,
    failed: text.stateFailed,
    overdue: text.stateOverdue,
    never: text.stateNever,
    disabled: text.stateDisabled,
  }
}
