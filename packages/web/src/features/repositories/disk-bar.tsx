import type { RepositoryView } from '@holdfast/protocol'
import { Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import classes from './disk-bar.module.css'
import { repositoryMessages } from './messages.ts'
import { freeShare } from './repository-health.ts'

/** How full the disk of a folder is; nothing elsewhere. */
export function DiskBar({ repository }: { readonly repository: RepositoryView }): ReactElement | null {
  const text = useMessages(repositoryMessages)
  const format = useFormat()
  const free = freeShare(repository)
  const { freeBytes = null, capacityBytes = null } = repository.statistics ?? {}
  if (free === null || freeBytes === null || capacityBytes === null) return null
  const label = text.free(format.bytes(freeBytes), format.bytes(capacityBytes))
  return (
    <div>
      <div className={classes.track} aria-hidden>
        <div className={free < 0.1 ? classes.full : classes.used} style={{ width: `${(1 - free) * 100}%` }} />
      </div>
      <Text size="sm" c="dimmed" mt={2}>
        {label}
      </Text>
    </div>
  )
}
