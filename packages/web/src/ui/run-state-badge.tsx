import type { RunState } from '@holdfast/protocol'
import { Badge } from '@mantine/core'
import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconLoader2 } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'

export interface RunStateBadgeProps {
  readonly state: RunState
  /** How much it could not read, say: whoever finished like that is told so, and not that all is well. */
  readonly problemCount?: number | undefined
}

/** The state of a run, by word, sign and colour. */
export function RunStateBadge({ state, problemCount = 0 }: RunStateBadgeProps): ReactElement {
  const text = useMessages(uiMessages)
  if (state === 'finished' && problemCount > 0) {
    return <StateBadge color="orange" label={text.problems(problemCount)} icon={<IconAlertTriangle size={13} aria-hidden />} />
  }
  const { color, label, Icon } = {
    pending: { color: 'gray', label: text.statePending, Icon: IconClock },
    running: { color: 'blue', label: text.stateRunning, Icon: IconLoader2 },
    finished: { color: 'kelp', label: text.stateFinished, Icon: IconCheck },
    error: { color: 'red', label: text.stateError, Icon: IconAlertTriangle },
    cancelled: { color: 'gray', label: text.stateCancelled, Icon: IconBan },
  }[state]
  return <StateBadge color={color} label={label} icon={<Icon size={13} aria-hidden />} />
}

export interface StateBadgeProps {
  /** A colour of the theme: `kelp` is well, `red` is not, `orange` soon is not, `gray` is neither, `blue` is under way. */
  readonly color: string
  readonly label: string
  readonly icon: ReactElement
}

/** A word with its sign: what all badges of states look like. */
export function StateBadge({ color, label, icon }: StateBadgeProps): ReactElement {
  return (
    <Badge variant="light" color={color} leftSection={icon} tt="none" fw={600} size="md" style={badgeColors(color)}>
      {label}
    </Badge>
  )
}

/** Words on a light ground are dark enough to read in either scheme. */
function badgeColors(color: string): React.CSSProperties {
  return {
    color: `light-dark(color-mix(in srgb, var(--mantine-color-${color}-9) 85%, black), var(--mantine-color-${color}-2))`,
    background: `light-dark(var(--mantine-color-${color}-0), color-mix(in srgb, var(--mantine-color-${color}-9) 45%, transparent))`,
  }
}
