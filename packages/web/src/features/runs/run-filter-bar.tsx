import type { RunKind, RunState } from '@holdfast/protocol'
import { Button, Chip, Collapse, Group, MultiSelect, SimpleGrid, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconAdjustmentsHorizontal, IconX } from '@tabler/icons-react'
import { type ReactElement, useId } from 'react'
import { useMessages } from '../../app/language.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { ClientSelect } from '../clients/client-select.tsx'
import { PlanSelect, RepositorySelect } from './filter-selects.tsx'
import { runMessages } from './messages.ts'
import { isFiltered, RUN_KINDS, RUN_STATES, type RunFilters } from './run-filters.ts'
import { useRunWords } from './words.ts'

export interface RunFilterBarProps {
  readonly filters: RunFilters
  readonly onChange: (changes: Partial<RunFilters>) => void
  readonly onClear: () => void
}

/** What a list of runs is narrowed by: states at once, the rest on demand. */
export function RunFilterBar({ filters, onChange, onClear }: RunFilterBarProps): ReactElement {
  const text = useMessages(runMessages)
  const [isOpen, { toggle }] = useDisclosure(isFiltered({ ...filters, state: [] }))
  const id = useId()
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <StateChips states={filters.state} onChange={(state) => onChange({ state })} />
        <Group gap="xs">
          {isFiltered(filters) ? (
            <Button size="xs" variant="subtle" leftSection={<IconX size={14} aria-hidden />} onClick={onClear}>
              {text.clearFilters}
            </Button>
          ) : null}
          <Button
            size="xs"
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={14} aria-hidden />}
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={toggle}
          >
            {text.filters}
          </Button>
        </Group>
      </Group>
      <Collapse expanded={isOpen} id={id}>
        <MoreFilters filters={filters} onChange={onChange} />
      </Collapse>
    </div>
  )
}

function StateChips({
  states,
  onChange,
}: {
  readonly states: readonly RunState[]
  readonly onChange: (states: readonly RunState[]) => void
}): ReactElement {
  const text = useMessages(runMessages)
  const ui = useMessages(uiMessages)
  const labels = {
    pending: ui.statePending,
    running: ui.stateRunning,
    finished: ui.stateFinished,
    error: ui.stateError,
    cancelled: ui.stateCancelled,
  }
  return (
    <Chip.Group multiple value={[...states]} onChange={(chosen) => onChange(RUN_STATES.filter((state) => chosen.includes(state)))}>
      <Group gap={6} role="group" aria-label={text.filterState}>
        {RUN_STATES.map((state) => (
          <Chip key={state} value={state} size="xs" variant="outline">
            {labels[state]}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  )
}

function MoreFilters({ filters, onChange }: Omit<RunFilterBarProps, 'onClear'>): ReactElement {
  const text = useMessages(runMessages)
  const words = useRunWords()
  const { clientId, planId, repositoryId, since, until } = filters
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 6 }} spacing="sm" mt="sm">
      <MultiSelect
        label={text.filterKind}
        placeholder={filters.kind.length === 0 ? text.any : ''}
        data={RUN_KINDS.map((value) => ({ value, label: words.kind(value) }))}
        value={[...filters.kind]}
        onChange={(kinds) => onChange({ kind: kinds as RunKind[] })}
        clearable
      />
      <ClientSelect
        label={text.filterClient}
        placeholder={text.any}
        value={clientId?.toString()}
        onChange={(chosen) => onChange({ clientId: chosen === undefined ? undefined : Number(chosen), planId: undefined })}
        isClearable
      />
      <PlanSelect clientId={clientId} value={planId} onChange={(chosen) => onChange({ planId: chosen })} />
      <RepositorySelect value={repositoryId} onChange={(chosen) => onChange({ repositoryId: chosen })} />
      <TextInput
        type="date"
        label={text.filterSince}
        value={since ?? ''}
        {...(until === undefined ? {} : { max: until })}
        onChange={({ currentTarget }) => onChange({ since: currentTarget.value === '' ? undefined : currentTarget.value })}
      />
      <TextInput
        type="date"
        label={text.filterUntil}
        value={until ?? ''}
        {...(since === undefined ? {} : { min: since })}
        onChange={({ currentTarget }) => onChange({ until: currentTarget.value === '' ? undefined : currentTarget.value })}
      />
    </SimpleGrid>
  )
}
