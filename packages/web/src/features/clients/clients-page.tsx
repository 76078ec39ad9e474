import { Button, Text } from '@mantine/core'
import { IconDevicesOff, IconDevicesPlus, IconPlus } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { laterDialog } from '../../ui/later-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { type ClientsSearch, isFiltered, readClientsSearch } from './client-filters.ts'
import { ClientList } from './client-list.tsx'
import { ClientListFilters } from './client-list-filters.tsx'
import { clientMessages } from './messages.ts'
import { clientListQuery, ownersQuery } from './queries.ts'

const route = getRouteApi('/shell/clients')

const AddClientDialog = laterDialog(async () => (await import('./add-client-dialog.tsx')).AddClientDialog)

/** All machines that somebody may see: `/clients`. What is shown, and whether one is being added, is in the address. */
export function ClientsPage(): ReactElement {
  const text = useMessages(clientMessages)
  const { mayManage } = useRights()
  const raw = route.useSearch()
  const navigate = useNavigate({ from: '/clients' })
  const search = useMemo(() => readClientsSearch(raw), [raw])
  const isAdding = mayManage && raw.add === '1'
  const show = (next: ClientsSearch): void => void navigate({ search: addressOf(next), replace: true })
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => void navigate({ search: { ...addressOf(search), add: '1' } })}>
      {text.add}
    </Button>
  )
  return (
    <Page title={text.title} description={text.lead} actions={mayManage ? add : undefined}>
      <ClientListFilters search={search} onChange={show} />
      <Clients search={search} add={mayManage ? add : undefined} onClear={() => show({})} />
      {isAdding ? <AddClientDialog onClose={() => show(search)} /> : null}
    </Page>
  )
}

interface ClientsProps {
  readonly search: ClientsSearch
  readonly add: ReactElement | undefined
  readonly onClear: () => void
}

function Clients({ search, add, onClear }: ClientsProps): ReactElement {
  const text = useMessages(clientMessages)
  const list = useInfiniteQuery(clientListQuery(search))
  const { data, error, hasNextPage, isFetchingNextPage } = list
  const { more, retry } = useEndless(list)
  const owners = useOwnerNames()
  const clients = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  if (error !== null && data === undefined) return <FailureNotice failure={error} retry={retry} />
  if (data === undefined) return <Waiting lines={8} height={44} />
  if (clients.length === 0) return <NoClients isFiltered={isFiltered(search)} add={add} onClear={onClear} />
  return (
    <>
      {error === null ? null : <FailureNotice failure={error} retry={retry} />}
      <ClientList clients={clients} owners={owners} onNearEnd={more} />
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {isFetchingNextPage ? text.loadingMore : text.shown(clients.length, !hasNextPage)}
      </Text>
    </>
  )
}

function NoClients({ isFiltered, add, onClear }: Omit<ClientsProps, 'search'> & { readonly isFiltered: boolean }): ReactElement {
  const text = useMessages(clientMessages)
  if (!isFiltered)
    return (
      <EmptyState icon={<IconDevicesPlus />} title={text.emptyTitle} actions={add}>
        {text.empty}
      </EmptyState>
    )
  const clear = (
    <Button variant="default" onClick={onClear}>
      {text.clearFilters}
    </Button>
  )
  return (
    <EmptyState icon={<IconDevicesOff />} title={text.noMatchTitle} actions={clear}>
      {text.noMatch}
    </EmptyState>
  )
}

/** Names of users by their ids, for administrators; everybody else sees what is their own. */
function useOwnerNames(): ReadonlyMap<number, string> | undefined {
  const { isAdmin } = useRights()
  const { data } = useQuery({ ...ownersQuery, enabled: isAdmin })
  return useMemo(() => (data === undefined ? undefined : new Map(data.map(({ id, username }) => [id, username]))), [data])
}

function addressOf({ search, state, owner, sort, order }: ClientsSearch): Record<string, string | undefined> {
  return { search, state, owner: owner === undefined ? undefined : String(owner), sort, order }
}
