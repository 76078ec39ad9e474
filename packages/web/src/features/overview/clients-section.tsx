import type { Client } from '@holdfast/protocol'
import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { ClientStateBadge } from '../clients/client-state-badge.tsx'
import { RunTrend } from '../clients/run-trend.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'
import { neediestClientsQuery } from './queries.ts'

/** The clients that need somebody most, with when they were and will be backed up. */
export function ClientsSection({ total }: { readonly total: number }): ReactElement {
  const text = useMessages(overviewMessages)
  const { data, error, refetch } = useQuery(neediestClientsQuery)
  const all = (
    <Anchor component={Link} to="/clients" size="sm">
      {text.allClients(total)}
    </Anchor>
  )
  return (
    <Section title={text.clients} description={text.clientsLead} actions={all}>
      {data === undefined ? (
        error === null ? (
          <Waiting lines={Math.min(10, total)} height={32} />
        ) : (
          <FailureNotice failure={error} retry={() => void refetch()} />
        )
      ) : (
        <ClientTable clients={data.items} />
      )}
    </Section>
  )
}

function ClientTable({ clients }: { readonly clients: readonly Client[] }): ReactElement {
  const text = useMessages(overviewMessages)
  return (
    <table className={classes.clients}>
      <thead>
        <tr>
          <th scope="col">{text.client}</th>
          <th scope="col">{text.state}</th>
          <th scope="col">{text.lastBackup}</th>
          <th scope="col">{text.nextBackup}</th>
          <th scope="col">{text.lastRuns}</th>
        </tr>
      </thead>
      <tbody>
        {clients.map((client) => (
          <tr key={client.id}>
            <th scope="row">
              <Link to="/clients/$clientId" params={{ clientId: String(client.id) }} className={classes.name}>
                <FileName>{client.name}</FileName>
              </Link>
            </th>
            <td>
              <ClientStateBadge state={client.state} />
            </td>
            <td data-label={text.lastBackup}>
              <Moment at={client.lastBackupAt} fallback={text.never} />
            </td>
            <td data-label={text.nextBackup}>
              <Moment at={client.nextRunAt} fallback={text.notPlanned} />
            </td>
            <td>
              <RunTrend trend={client.trend} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
