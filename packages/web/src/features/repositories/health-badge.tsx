import { IconAlertTriangle, IconDatabaseExclamation, IconHelpCircle, IconShieldCheck } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { repositoryMessages } from './messages.ts'
import type { RepositoryHealth } from './repository-health.ts'

const ICON = { size: 13, 'aria-hidden': true } as const

/** How a repository is, in a word; nothing where that is not known. */
export function HealthBadge({ health }: { readonly health: RepositoryHealth }): ReactElement | null {
  const text = useMessages(repositoryMessages)
  switch (health) {
    case 'damaged':
      return <StateBadge color="red" label={text.healthDamaged} icon={<IconAlertTriangle {...ICON} />} />
    case 'check-failed':
      return <StateBadge color="red" label={text.healthCheck} icon={<IconAlertTriangle {...ICON} />} />
    case 'maintenance-failed':
      return <StateBadge color="orange" label={text.healthMaintenance} icon={<IconAlertTriangle {...ICON} />} />
    case 'low-space':
      return <StateBadge color="orange" label={text.healthLowSpace} icon={<IconDatabaseExclamation {...ICON} />} />
    case 'unchecked':
      return <StateBadge color="gray" label={text.healthUnchecked} icon={<IconHelpCircle {...ICON} />} />
    case 'sound':
      return <StateBadge color="kelp" label={text.healthSound} icon={<IconShieldCheck {...ICON} />} />
    case 'unknown':
      return null
    default:
      return health satisfies never
  }
}
