import { Button, Flex, NativeSelect, Text } from '@mantine/core'
import { IconCalendarOff, IconCalendarPlus } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { planMessages } from './messages.ts'
import { type PlansSearch, readPlansSearch } from './plan-filters.ts'
import { PlanList } from './plan-list.tsx'
import { planListQuery } from './queries.ts'

const route = getRouteApi('/shell/plans')

/** All plans that somebody may see: `/plans`. What is shown is in the address. */
export function PlansPage(): ReactElement {
  const text = useMessages(planMessages)
  const raw = route.useSearch()
  const navigate = useNavigate({ from: '/plans' })
  const search = useMemo(() => readPlansSearch(raw), [raw])
  const show = (next: Readonly<Record<string, string | undefined>>): void => {
    void navigate({ search: { ...readPlansSearch(next) }, replace: true })
  }
  return (
    <Page title={text.title} description={text.lead}>
      <Flex gap="sm" mb="md" align="flex-end" wrap="wrap">
        <div style={{ flex: '1 1 14rem' }}>
          <SearchField
            label={text.search}
            placeholder={text.searchHint}
            value={search.search ?? ''}
            onChange={(typed) => show({ ...search, search: typed })}
          />
        </div>
        <NativeSelect
          label={text.filter}
          style={{ flex: '1 1 9rem', maxWidth: '14rem' }}
          value={search.show ?? ''}
          data={[
            { value: '', label: text.filterAll },
            { value: 'on', label: text.filterOn },
            { value: 'off', label: text.filterOff },
            { value: 'overdue', label: text.filterOverdue },
          ]}
          onChange={({ currentTarget }) => show({ ...search, show: currentTarget.value })}
        />
      </Flex>
      <FoundPlans search={search} onClear={() => show({})} />
    </Page>
  )
}

function FoundPlans({ search, onClear }: { readonly search: PlansSearch; readonly onClear: () => void }): ReactElement {
  const text = useMessages(planMessages)
  const list = useInfiniteQuery(planListQuery(search))
  const { data, error, hasNextPage } = list
  const { more, retry } = useEndless(list)
  const plans = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  if (error !== null && data === undefined) return <FailureNotice failure={error} retry={retry} />
  if (data === undefined) return <Waiting lines={8} height={44} />
  if (plans.length === 0) return <NoPlans isFiltered={search.search !== undefined || search.show !== undefined} onClear={onClear} />
  return (
    <>
      {error === null ? null : <FailureNotice failure={error} retry={retry} />}
      <PlanList plans={plans} onNearEnd={more} />
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {text.shown(plans.length, !hasNextPage)}
      </Text>
    </>
  )
}

function NoPlans({ isFiltered, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }): ReactElement {
  const text = useMessages(planMessages)
  if (isFiltered) {
    const clear = (
      <Button variant="default" onClick={onClear}>
        {text.clearFilters}
      </Button>
    )
    return (
      <EmptyState icon={<IconCalendarOff />} title={text.noMatchTitle} actions={clear}>
        {text.noMatch}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<IconCalendarPlus />}
      title={text.emptyTitle}
      actions={<Button renderRoot={(props) => <Link {...props} to="/clients" />}>{text.toClients}</Button>}
    >
      {text.empty}
    </EmptyState>
  )
}
