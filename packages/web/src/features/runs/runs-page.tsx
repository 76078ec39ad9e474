import { Button, Group, Stack, Text } from '@mantine/core'
import { IconFilterOff, IconHistory } from '@tabler/icons-react'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useCallback, useMemo } from 'react'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { runMessages } from './messages.ts'
import { RunFilterBar } from './run-filter-bar.tsx'
import { filtersOf, isFiltered, type RunFilters, searchOf } from './run-filters.ts'
import { RunRow, RunRowHead } from './run-row.tsx'
import classes from './runs-page.module.css'
import { type ShownHistory, useRunHistory } from './use-run-history.ts'

const route = getRouteApi('/shell/runs')
const ROW_HEIGHT = 53

/** All runs that one may see, newest first, while they go on and afterwards. */
export function RunsPage(): ReactElement {
  const text = useMessages(runMessages)
  const search = route.useSearch()
  const navigate = useNavigate()
  const filters = useMemo(() => filtersOf(search), [search])
  const show = useCallback((next: RunFilters) => void navigate({ to: '/runs', search: searchOf(next), replace: true }), [navigate])
  const clear = useCallback(() => show(filtersOf({})), [show])
  const history = useRunHistory(filters)
  return (
    <Page title={text.title} description={text.description}>
      <Stack gap="sm">
        <RunFilterBar filters={filters} onChange={(changes) => show({ ...filters, ...changes })} onClear={clear} />
        <History history={history} onClear={isFiltered(filters) ? clear : undefined} />
      </Stack>
    </Page>
  )
}

function History({ history, onClear }: { readonly history: ShownHistory; readonly onClear: (() => void) | undefined }): ReactElement {
  const text = useMessages(runMessages)
  const { runs, failure, isWaiting, loadMore, retry } = history
  if (isWaiting) return <Waiting lines={10} height={36} />
  if (runs.length === 0 && failure !== null) return <FailureNotice failure={failure} retry={retry} />
  if (runs.length === 0) return onClear === undefined ? <NothingYet /> : <NothingFits onClear={onClear} />
  return (
    <>
      <div className={classes.list}>
        <div className={classes.head}>
          <RunRowHead />
        </div>
        <VirtualList
          items={runs}
          keyOf={({ id }) => id}
          rowHeight={ROW_HEIGHT}
          height="max(24rem, calc(100dvh - 18rem))"
          label={text.list}
          onNearEnd={loadMore}
        >
          {(run) => <RunRow run={run} />}
        </VirtualList>
      </div>
      {failure === null ? <ListEnd history={history} /> : <FailureNotice failure={failure} retry={retry} />}
    </>
  )
}

function ListEnd({ history: { runs, hasMore, isLoadingMore } }: { readonly history: ShownHistory }): ReactElement {
  const text = useMessages(runMessages)
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm" c="dimmed">
        {text.shown(runs.length)}
      </Text>
      <Text size="sm" c="dimmed" role="status">
        {isLoadingMore ? text.loadingMore : hasMore ? '' : text.end}
      </Text>
    </Group>
  )
}

function NothingYet(): ReactElement {
  const text = useMessages(runMessages)
  return (
    <EmptyState
      icon={<IconHistory />}
      title={text.emptyTitle}
      actions={
        <Button component={Link} to="/clients">
          {text.emptyAction}
        </Button>
      }
    >
      {text.empty}
    </EmptyState>
  )
}

function NothingFits({ onClear }: { readonly onClear: () => void }): ReactElement {
  const text = useMessages(runMessages)
  return (
    <EmptyState icon={<IconFilterOff />} title={text.noMatchTitle} actions={<Button onClick={onClear}>{text.clearFilters}</Button>}>
      {text.noMatch}
    </EmptyState>
  )
}
