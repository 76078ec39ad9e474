import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { runMessages } from './messages.ts'
import { chosenPlanQuery, planChoicesQuery, repositoryChoicesQuery } from './queries.ts'

export interface ChoiceProps {
  readonly value: number | undefined
  readonly onChange: (id: number | undefined) => void
}

interface Named {
  readonly id: number
  readonly name: string
}

/** Chooses a plan of a client; without a client there is nothing to choose from. */
export function PlanSelect({ clientId, value, onChange }: ChoiceProps & { readonly clientId: number | undefined }): ReactElement {
  const text = useMessages(runMessages)
  const chosen = useQuery({ ...chosenPlanQuery(value ?? 0), enabled: value !== undefined }).data
  const choices = useQuery({ ...planChoicesQuery(clientId ?? 0), enabled: clientId !== undefined })
  return (
    <Select
      label={text.filterPlan}
      placeholder={text.any}
      data={choicesOf(choices.data ?? [], chosen)}
      error={choicesFailure(choices)}
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
  const choices = useQuery(repositoryChoicesQuery)
  return (
    <Select
      label={text.filterRepository}
      placeholder={text.any}
      data={choicesOf(choices.data ?? [], undefined)}
      error={choicesFailure(choices)}
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
