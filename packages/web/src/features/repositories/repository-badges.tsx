import type { RepositoryView } from '@holdfast/protocol'
import { Group, Tooltip } from '@mantine/core'
import { IconKey, IconStar } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { HealthBadge } from './health-badge.tsx'
import { repositoryMessages } from './messages.ts'
import { maintenanceQuery } from './queries.ts'
import classes from './repository-badges.module.css'
import { healthOf } from './repository-health.ts'

/** Whether a repository is the default, who has its key, and how it is. */
export function RepositoryBadges({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { isAdmin } = useRights()
  const { data } = useQuery({ ...maintenanceQuery(repository.id), enabled: isAdmin && repository.hasKey })
  return (
    <Group gap={6}>
      <HealthBadge health={healthOf(repository, data)} />
      {repository.isDefault ? (
        <Tooltip label={text.isDefaultHint}>
          <span className={classes.badge}>
            <StateBadge color="blue" label={text.isDefault} icon={<IconStar size={13} aria-hidden />} />
          </span>
        </Tooltip>
      ) : null}
      {repository.hasKey ? null : (
        <Tooltip label={text.clientsKeyHint} multiline maw={320}>
          <span className={classes.badge}>
            <StateBadge color="gray" label={text.clientsKey} icon={<IconKey size={13} aria-hidden />} />
          </span>
        </Tooltip>
      )}
    </Group>
  )
}
