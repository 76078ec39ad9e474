import { ActionIcon, Flex, Group, NativeSelect } from '@mantine/core'
import { IconSortAscending, IconSortDescending } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { CLIENT_SORTS, CLIENT_STATES, type ClientSort, type ClientsSearch, readClientsSearch } from './client-filters.ts'
import { useClientStateLabels } from './client-state-badge.tsx'
import { clientMessages } from './messages.ts'
import { ownersQuery } from './queries.ts'

export interface ClientListFiltersProps {
  readonly search: ClientsSearch
  readonly onChange: (search: ClientsSearch) => void
}

/** What of the clients is shown, and in which order. */
export function ClientListFilters({ search, onChange }: ClientListFiltersProps): ReactElement {
  const text = useMessages(clientMessages)
  const states = useClientStateLabels()
  const { isAdmin } = useRights()
  const change = (changes: Readonly<Record<string, unknown>>): void => onChange(readClientsSearch({ ...search, ...changes }))
  return (
    <Flex gap="sm" mb="md" align="flex-end" wrap="wrap">
      <div style={{ flex: '1 1 14rem' }}>
        <SearchField
          label={text.search}
          placeholder={text.searchHint}
          value={search.search ?? ''}
          onChange={(value) => change({ search: value })}
        />
      </div>
      <NativeSelect
        label={text.state}
        style={{ flex: '1 1 9rem', maxWidth: '14rem' }}
        value={search.state ?? ''}
        data={[{ value: '', label: text.anyState }, ...CLIENT_STATES.map((state) => ({ value: state, label: states[state] }))]}
        onChange={(event) => change({ state: event.currentTarget.value })}
      />
      {isAdmin ? <OwnerFilter owner={search.owner} onChange={(owner) => change({ owner })} /> : null}
      <SortFields search={search} onChange={change} />
    </Flex>
  )
}

function OwnerFilter({
  owner,
  onChange,
}: {
  readonly owner: number | undefined
  readonly onChange: (owner: string) => void
}): ReactElement {
  const text = useMessages(clientMessages)
  const choices = useQuery(ownersQuery)
  const owners = (choices.data ?? []).map(({ id, username }) => ({ value: String(id), label: username }))
  return (
    <NativeSelect
      label={text.owner}
      style={{ flex: '1 1 9rem', maxWidth: '14rem' }}
      value={owner === undefined ? '' : String(owner)}
      data={[{ value: '', label: text.anyOwner }, ...owners]}
      error={choicesFailure(choices)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function SortFields({
  search,
  onChange,
}: {
  readonly search: ClientsSearch
  readonly onChange: (changes: Readonly<Record<string, unknown>>) => void
}): ReactElement {
  const text = useMessages(clientMessages)
  const labels: Readonly<Record<ClientSort, string>> = {
    name: text.sortName,
    state: text.sortState,
    lastBackupAt: text.sortLastBackup,
    added: text.sortAdded,
  }
  const isFalling = search.order === 'desc'
  const label = isFalling ? text.descending : text.ascending
  return (
    <Group gap={6} align="flex-end" wrap="nowrap" style={{ flex: '1 1 11rem', maxWidth: '18rem' }}>
      <NativeSelect
        label={text.sort}
        style={{ flex: 1 }}
        value={search.sort ?? 'name'}
        data={CLIENT_SORTS.map((sort) => ({ value: sort, label: labels[sort] }))}
        onChange={(event) => onChange({ sort: event.currentTarget.value })}
      />
      <ActionIcon
        variant="default"
        size={36}
        aria-label={label}
        title={label}
        aria-pressed={isFalling}
        onClick={() => onChange({ order: isFalling ? 'asc' : 'desc' })}
      >
        {isFalling ? <IconSortDescending size={18} aria-hidden /> : <IconSortAscending size={18} aria-hidden />}
      </ActionIcon>
    </Group>
  )
}
