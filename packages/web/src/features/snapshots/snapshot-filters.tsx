import type { Plan, RepositoryView } from '@holdfast/protocol'
import { ActionIcon, Button, Group, Select, Switch, TextInput } from '@mantine/core'
import { IconFilter, IconFilterOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { ClientSelect } from '../clients/client-select.tsx'
import { snapshotMessages } from './messages.ts'
import type { SnapshotSearch } from './snapshot-filter.ts'
import classes from './timeline.module.css'

export interface SnapshotFiltersProps {
  readonly search: SnapshotSearch
  readonly onChange: (changes: SnapshotSearch) => void
}

/** What a list of snapshots can be narrowed to. All of it stands in the address. */
export function SnapshotFilters({ search, onChange }: SnapshotFiltersProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const [isOpen, setOpen] = useState(() => MORE.some((name) => search[name] !== undefined))
  return (
    <search aria-label={text.filters}>
      <div className={classes.filters} data-open={isOpen || undefined}>
        <ClientSelect
          label={text.client}
          placeholder={text.all}
          value={search.clientId}
          onChange={(clientId) => onChange({ clientId, planId: undefined })}
          isClearable
        />
        <div className={classes.second}>
          <PlanSelect search={search} onChange={onChange} />
        </div>
        <div className={classes.second}>
          <RepositorySelect search={search} onChange={onChange} />
        </div>
        <Group h={36} gap="xs" wrap="nowrap">
          <Button
            variant="default"
            leftSection={<IconFilter size={16} aria-hidden />}
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? text.fewerFilters : text.moreFilters}
          </Button>
          {isFiltered(search) ? (
            <ActionIcon
              variant="subtle"
              size={36}
              aria-label={text.clearFilters}
              title={text.clearFilters}
              onClick={() => onChange(CLEARED)}
            >
              <IconFilterOff size={18} aria-hidden />
            </ActionIcon>
          ) : null}
        </Group>
        {isOpen ? <MoreFilters search={search} onChange={onChange} /> : null}
      </div>
    </search>
  )
}

function MoreFilters({ search, onChange }: SnapshotFiltersProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const day = (name: 'from' | 'until'): ReactElement => (
    <TextInput
      type="date"
      label={text[name]}
      value={search[name] ?? ''}
      max="9999-12-31"
      onChange={(event) => onChange({ [name]: event.currentTarget.value || undefined })}
    />
  )
  return (
    <>
      <SearchField label={text.tag} value={search.tag ?? ''} onChange={(tag) => onChange({ tag: tag || undefined })} />
      <SearchField label={text.host} value={search.host ?? ''} onChange={(host) => onChange({ host: host || undefined })} />
      {day('from')}
      {day('until')}
      <Group h={36}>
        <Switch
          label={text.pinnedOnly}
          checked={search.pinned === 'true'}
          onChange={(event) => onChange({ pinned: event.currentTarget.checked ? 'true' : undefined })}
        />
      </Group>
    </>
  )
}

/** Those that are not always shown. */
const MORE = ['tag', 'host', 'from', 'until', 'pinned'] as const satisfies readonly (keyof SnapshotSearch)[]

const CLEARED: Readonly<Record<Exclude<keyof SnapshotSearch, 'compare'>, undefined>> = {
  clientId: undefined,
  planId: undefined,
  repositoryId: undefined,
  tag: undefined,
  host: undefined,
  from: undefined,
  until: undefined,
  pinned: undefined,
}

/** Whether anything narrows the list. */
export function isFiltered(search: SnapshotSearch): boolean {
  return Object.keys(CLEARED).some((name) => search[name as keyof SnapshotSearch] !== undefined)
}

/** Plans belong to clients: they are offered once one is chosen. */
function PlanSelect({ search, onChange }: SnapshotFiltersProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const { clientId, planId } = search
  const plans = useQuery({
    queryKey: ['plans', 'of-client', Number(clientId)],
    queryFn: ({ signal }) => api.get<Plan[]>(`/api/v1/clients/${clientId}/plans`, { signal }),
    enabled: clientId !== undefined,
  })
  const options = (plans.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))
  return (
    <Select
      label={text.plan}
      placeholder={text.all}
      clearable
      disabled={clientId === undefined && planId === undefined}
      data={withChosen(options, planId)}
      error={choicesFailure(plans)}
      value={planId ?? null}
      onChange={(id) => onChange({ planId: id ?? undefined })}
    />
  )
}

function RepositorySelect({ search, onChange }: SnapshotFiltersProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const repositories = useQuery({
    queryKey: ['repositories'],
    queryFn: ({ signal }) => api.get<RepositoryView[]>('/api/v1/repositories', { signal }),
  })
  const options = (repositories.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))
  return (
    <Select
      label={text.repository}
      placeholder={text.all}
      clearable
      data={withChosen(options, search.repositoryId)}
      error={choicesFailure(repositories)}
      value={search.repositoryId ?? null}
      onChange={(id) => onChange({ repositoryId: id ?? undefined })}
    />
  )
}

interface Option {
  readonly value: string
  readonly label: string
}

/** What the address asks for stays chosen, even if it is nothing that is offered. */
function withChosen(options: readonly Option[], chosen: string | undefined): Option[] {
  const isOffered = chosen === undefined || options.some(({ value }) => value === chosen)
  return isOffered ? [...options] : [{ value: chosen, label: `#${chosen}` }, ...options]
}
