import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useSettled } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { runMessages } from './messages.ts'
import { chosenClientQuery, chosenPlanQuery, clientChoicesQuery, planChoicesQuery, repositoryChoicesQuery } from './queries.ts'

const SETTLE_MS = 200

export interface ChoiceProps {
  readonly value: number | undefined
  readonly onChange: (id: number | undefined) => void
}

interface Named {
  readonly id: number
  readonly name: string
}

/** Chooses one of any number of clients by a part of its name. */
export function ClientSelect({ value, onChange }: ChoiceProps): ReactElement {
  const text = useMessages(runMessages)
  const [search, setSearch] = useState('')
  const chosen = useQuery({ ...chosenClientQuery(value ?? 0), enabled: value !== undefined }).data
  const settled = useSettled(search, SETTLE_MS)
  const { data } = useQuery(clientChoicesQuery(settled === chosen?.name ? '' : settled))
  return (
    <Select
      label={text.filterClient}
      placeholder={text.any}
      data={choicesOf(data?.items ?? [], chosen)}
      value={value === undefined ? null : String(value)}
      onChange={(id) => onChange(id === null ? undefined : Number(id))}
      searchValue={search}
      onSearchChange={setSearch}
      // The server has searched already.
      filter={({ options }) => options}
      searchable
      clearable
    />
  )
}

/** Chooses a plan of a client; without a client there is nothing to choose from. */
export function PlanSelect({ clientId, value, onChange }: ChoiceProps & { readonly clientId: number | undefined }): ReactElement {
  const text = useMessages(runMessages)
  const chosen = useQuery({ ...chosenPlanQuery(value ?? 0), enabled: value !== undefined }).data
  const { data = [] } = useQuery({ ...planChoicesQuery(clientId ?? 0), enabled: clientId !== undefined })
  return (
    <Select
      label={text.filterPlan}
      placeholder={text.any}
      data={choicesOf(data, chosen)}
      value={value === undefined ? null : String(value)}
      onChange={(id) => onChange(id === null ? undefined : Number(id))}
      disabled={clientId === undefined && value === undefined}
      searchable
      clearable
    />
  )
}

/** Chooses a repository. */
export function RepositorySelect({ value, onChange }: ChoiceProps): ReactElement {
  const text = useMessages(runMessages)
  const { data = [] } = useQuery(repositoryChoicesQuery)
  return (
    <Select
      label={text.filterRepository}
      placeholder={text.any}
      data={choicesOf(data, undefined)}
      value={value === undefined ? null : String(value)}
      onChange={(id) => onChange(id === null ? undefined : Number(id))}
      searchable
      clearable
    />
  )
}

function choicesOf(found: readonly Named[], chosen: Named | undefined): { readonly value: string; readonly label: string }[] {
  const all = chosen === undefined || found.some(({ id }) => id === chosen.id) ? found : [chosen, ...found]
  return all.map(({ id, name }) => ({ value: String(id), label: name }))
}
