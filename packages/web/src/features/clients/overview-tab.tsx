import type { Client } from '@holdfast/protocol'
import { Anchor, Button, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useLiveRuns } from '../../app/live.ts'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { RunProgress } from '../runs/run-progress.tsx'
import { RunRow } from '../runs/run-row.tsx'
import { ClientAttention } from './client-attention.tsx'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'
import { policyMessages } from './policy-messages.ts'
import { clientRunsQuery, ownersQuery } from './queries.ts'
import { RunTrend } from './run-trend.tsx'

/** How a client is, at a glance: what is wrong, when it was and will be backed up, what it is, and what it does now. */
export function OverviewTab({ client }: { readonly client: Client }): ReactElement {
  return (
    <>
      <ClientAttention client={client} />
      <UnderWay clientId={client.id} />
      <Protection client={client} />
      <Machine client={client} />
      <LastRuns clientId={client.id} />
    </>
  )
}

function UnderWay({ clientId }: { readonly clientId: number }): ReactElement | null {
  const text = useMessages(clientPageMessages)
  const runs = useLiveRuns().filter((run) => run.clientId === clientId && run.state === 'running')
  if (runs.length === 0) return null
  return (
    <Section title={text.underWay}>
      <Stack gap="md">
        {runs.map((run) => (
          <div key={run.id}>
            <RunProgress run={run} />
            <Anchor component={Link} to={`/runs/${run.id}`} size="sm">
              {text.watch}
            </Anchor>
          </div>
        ))}
      </Stack>
    </Section>
  )
}

function Protection({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  return (
    <Section title={text.protection}>
      <dl className={classes.facts}>
        <Fact label={text.lastBackup}>
          <Moment at={client.lastBackupAt} fallback={text.noBackup} />
        </Fact>
        <Fact label={text.nextBackup}>
          <Moment at={client.nextRunAt} fallback={text.notPlanned} />
        </Fact>
        <Fact label={text.lastRuns}>
          <RunTrend trend={client.trend} />
        </Fact>
      </dl>
    </Section>
  )
}

function Machine({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const allowed = useMessages(policyMessages)
  const { isAdmin } = useRights()
  const { data: owners } = useQuery({ ...ownersQuery, enabled: isAdmin })
  const owner = owners?.find(({ id }) => id === client.ownerId)?.username
  const { hostname, platform, version, isLocal } = client
  return (
    <Section title={text.machine} description={isLocal ? text.isServer : undefined}>
      <dl className={classes.facts}>
        <Fact label={text.hostname}>{hostname === null ? text.unknown : <FileName>{hostname}</FileName>}</Fact>
        <Fact label={text.platform}>
          <FileName>{platform ?? text.unknown}</FileName>
        </Fact>
        <Fact label={text.version}>
          <FileName>{version ?? text.unknown}</FileName>
        </Fact>
        {client.policy === null ? null : (
          <>
            <Fact label={allowed.commands}>{allowed.commandsAre(client.policy.commands)}</Fact>
            <Fact label={allowed.restores}>{allowed.restoresAre(client.policy.restores)}</Fact>
          </>
        )}
        <Fact label={text.lastHeard}>
          <Moment at={client.lastPingAt} fallback={text.notHeard} />
        </Fact>
        <Fact label={text.added}>
          <Moment at={client.createdAt} />
        </Fact>
        {owner === undefined ? null : <Fact label={text.owner}>{owner}</Fact>}
      </dl>
    </Section>
  )
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactElement | string }): ReactElement {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function LastRuns({ clientId }: { readonly clientId: number }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { data, error, refetch } = useQuery(clientRunsQuery(clientId))
  const all = (
    <Button size="xs" variant="default" renderRoot={(props) => <Link {...props} to="/runs" search={{ clientId: String(clientId) }} />}>
      {text.allRuns}
    </Button>
  )
  return (
    <Section title={text.lastRuns} actions={data?.items.length ? all : undefined}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Waiting lines={4} height={40} /> : null}
      {data?.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.noRuns}
        </Text>
      ) : (
        data?.items.map((run) => <RunRow key={run.id} run={run} isOnClient />)
      )}
    </Section>
  )
}
