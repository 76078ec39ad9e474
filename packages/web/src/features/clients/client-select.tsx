import type { ClientPage } from '@holdfast/protocol'
import { Select } from '@mantine/core'
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useSettled } from '../../app/clock.ts'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { clientQuery } from './queries.ts'

const SHOWN = 50
const SETTLED_MS = 200

export interface ClientSelectProps {
  readonly label: string
  readonly description?: string
  readonly placeholder?: string
  readonly value: string | undefined
  readonly onChange: (id: string | undefined) => void
  readonly error?: string | undefined
  readonly isClearable?: boolean
}

/** Chooses one of the clients, however many there are: the server looks for what is typed. */
export function ClientSelect({ value, onChange, isClearable = false, error, ...words }: ClientSelectProps): ReactElement {
  const [typed, setTyped] = useState('')
  const chosen = useQuery({ ...clientQuery(Number(value)), enabled: value !== undefined })
  // A client that is gone can still be seen, by its number, and taken out.
  const name = chosen.data?.name ?? (chosen.isError ? value : undefined)
  const search = useSettled(typed === name ? '' : typed, SETTLED_MS)
  const found = useQuery(clientsQuery(search))
  const clients = found.data?.items ?? []
  const options = clients.map((client) => ({ value: String(client.id), label: client.name }))
  if (value !== undefined && name !== undefined && !options.some((option) => option.value === value))
    options.unshift({ value, label: name })
  return (
    <Select
      {...words}
      searchable
      clearable={isClearable}
      data={options}
      // The server has searched already.
      filter={({ options: all }) => all}
      value={value ?? null}
      onChange={(id) => onChange(id ?? undefined)}
      searchValue={typed}
      onSearchChange={setTyped}
      error={error ?? choicesFailure(found)}
    />
  )
}

function clientsQuery(search: string) {
  return queryOptions({
    queryKey: ['clients', 'choice', search],
    queryFn: ({ signal }) =>
      api.get<ClientPage>('/api/v1/clients', { query: { limit: SHOWN, sort: 'name', search: search === '' ? undefined : search }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}
