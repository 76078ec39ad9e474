import type { Client } from '@holdfast/protocol'
import { Stack, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { AccessTab } from './access-tab.tsx'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'
import { ClientStateBadge } from './client-state-badge.tsx'
import { type ClientTab, readTab, tabsFor } from './client-tabs.ts'
import { CommandsTab } from './commands-tab.tsx'
import { FilesTab } from './files-tab.tsx'
import { LogsTab } from './logs-tab.tsx'
import { OverviewTab } from './overview-tab.tsx'
import { PlansTab } from './plans-tab.tsx'
import { clientQuery } from './queries.ts'
import { SettingsTab } from './settings-tab.tsx'
import { SnapshotsTab } from './snapshots-tab.tsx'

const route = getRouteApi('/shell/clients/$clientId')

/** All of one client: `/clients/$clientId`; `tab` in the address says which part is shown. */
export function ClientPage(): ReactElement {
  const text = useMessages(clientPageMessages)
  const { clientId } = route.useParams()
  const { data: client, error, refetch } = useQuery(clientQuery(Number(clientId)))
  const breadcrumbs = [{ label: text.clients, to: '/clients' }]
  if (client === undefined)
    return (
      <Page title={error === null ? text.clients : text.notThere} breadcrumbs={breadcrumbs}>
        {error === null ? <Waiting lines={8} /> : <FailureNotice failure={error} retry={() => void refetch()} />}
      </Page>
    )
  return (
    <Page title={client.name} aside={<ClientStateBadge state={client.state} />} breadcrumbs={breadcrumbs}>
      <ClientTabs client={client} />
    </Page>
  )
}

function ClientTabs({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const tabs = tabsFor(useRights())
  const tab = readTab(route.useSearch().tab, tabs)
  const navigate = useNavigate({ from: '/clients/$clientId' })
  const show = (next: string | null): void => {
    const wanted = readTab(next, tabs)
    void navigate({ search: { tab: wanted === 'overview' ? undefined : wanted } })
  }
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each tab comes into sight when it is chosen
  useEffect(() => void list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [tab])
  return (
    <Tabs value={tab} onChange={show} keepMounted={false} activateTabWithKeyboard={false}>
      <Tabs.List ref={list} className={classes.tabs ?? ''} aria-label={text.tabs} mb="md">
        {tabs.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {text[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {/* Forms of one client must not go on with what was typed for another. */}
      <Tabs.Panel key={client.id} value={tab}>
        <Stack gap="md">
          <TabContent tab={tab} client={client} />
        </Stack>
      </Tabs.Panel>
    </Tabs>
  )
}

function TabContent({ tab, client }: { readonly tab: ClientTab; readonly client: Client }): ReactElement {
  switch (tab) {
    case 'overview':
      return <OverviewTab client={client} />
    case 'plans':
      return <PlansTab client={client} />
    case 'snapshots':
      return <SnapshotsTab client={client} />
    case 'files':
      return <FilesTab client={client} />
    case 'logs':
      return <LogsTab clientId={client.id} />
    case 'commands':
      return <CommandsTab client={client} />
    case 'settings':
      return <SettingsTab client={client} />
    case 'access':
      return <AccessTab client={client} />
  }
}
