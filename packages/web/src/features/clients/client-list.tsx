import type { Client } from '@holdfast/protocol'
import { Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import list from '../../ui/linked-list.module.css'
import { VirtualList } from '../../ui/virtual-list.tsx'
import classes from './client-list.module.css'
import { ClientStateBadge } from './client-state-badge.tsx'
import { LiveRunNote } from './live-run-note.tsx'
import { clientMessages } from './messages.ts'
import { RunTrend } from './run-trend.tsx'

export interface ClientListProps {
  readonly clients: readonly Client[]
  /** Names of owners by their ids; undefined leaves owners out. */
  readonly owners: ReadonlyMap<number, string> | undefined
  readonly onNearEnd: () => void
}

/** Clients, a row each, however many there are. */
export function ClientList({ clients, owners, onNearEnd }: ClientListProps): ReactElement {
  const text = useMessages(clientMessages)
  // What rows are high unless names are long: where that is guessed wrong, lists that scroll by themselves stumble.
  const isNarrow = useMediaQuery('(max-width: 62em)', false, { getInitialValueInEffect: false })
  return (
    <div className={`${list.list} ${classes.clients}`}>
      <div className={list.columns} aria-hidden>
        <span>{text.client}</span>
        <span>{text.state}</span>
        <span>{text.lastBackup}</span>
        <span>{text.nextBackup}</span>
        <span>{text.lastRuns}</span>
        <span>{text.machine}</span>
      </div>
      <VirtualList
        items={clients}
        keyOf={({ id }) => id}
        rowHeight={isNarrow ? 94 : 66}
        height="max(20rem, 100vh - 19.5rem)"
        label={text.title}
        onNearEnd={onNearEnd}
      >
        {(client) => <ClientRow client={client} owner={owners?.get(client.ownerId)} />}
      </VirtualList>
    </div>
  )
}

function ClientRow({ client, owner }: { readonly client: Client; readonly owner: string | undefined }): ReactElement {
  const text = useMessages(clientMessages)
  return (
    <div className={list.row}>
      <div>
        <Link to="/clients/$clientId" params={{ clientId: String(client.id) }} className={list.name}>
          <FileName>{client.name}</FileName>
        </Link>
        <ClientOrigin client={client} owner={owner} />
      </div>
      <div className={classes.end}>
        <ClientStateBadge state={client.state} />
      </div>
      <div>
        <div className={client.lastBackupAt === null ? classes.absent : list.above}>
          <span className={list.label}>{text.lastBackup}: </span>
          <Moment at={client.lastBackupAt} fallback={text.none} />
        </div>
        <LiveRunNote clientId={client.id} />
      </div>
      <div className={classes.next}>
        <div className={list.above}>
          <Moment at={client.nextRunAt} fallback={text.notPlanned} />
        </div>
      </div>
      <div className={classes.end}>
        <RunTrend trend={client.trend} />
      </div>
      <div className={classes.machine}>
        <Text size="sm" truncate className={classes.short ?? ''} title={client.platform ?? undefined}>
          <FileName>{client.platform ?? '–'}</FileName>
        </Text>
        {client.version === null ? null : (
          <Text size="sm" c="dimmed">
            <FileName>{text.agent(client.version)}</FileName>
          </Text>
        )}
      </div>
    </div>
  )
}

/** Whose machine it is, and what it calls itself where that differs. */
function ClientOrigin({ client, owner }: { readonly client: Client; readonly owner: string | undefined }): ReactElement | null {
  const text = useMessages(clientMessages)
  const { hostname, isEnrolled, isLocal } = client
  const machine = isLocal ? text.local : isEnrolled ? hostname : text.noAgent
  const parts = [owner, machine === client.name ? undefined : machine].filter((part) => part !== undefined && part !== null)
  if (parts.length === 0) return null
  return (
    <Text size="sm" c="dimmed" truncate className={classes.short ?? ''}>
      <FileName>{parts.join(' · ')}</FileName>
    </Text>
  )
}
