import type { SnapshotView } from '@holdfast/protocol'
import { Box, Button, Text } from '@mantine/core'
import { IconArrowsDiff, IconFilterOff, IconStack2 } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useCallback, useMemo } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { snapshotMessages } from './messages.ts'
import { snapshotListQuery } from './queries.ts'
import { comparedIds, filterOf, type SnapshotSearch, toggledComparison } from './snapshot-filter.ts'
import { isFiltered, SnapshotFilters } from './snapshot-filters.tsx'
import { SnapshotRow } from './snapshot-row.tsx'
import { DayHeading } from './snapshot-timeline.tsx'
import classes from './timeline.module.css'
import { type TimelineRow, timelineRows } from './timeline-rows.ts'

const ROW_HEIGHT_PX = 64

/** All snapshots that the user may see, by day, newest first. */
export function SnapshotsPage(): ReactElement {
  const text = useMessages(snapshotMessages)
  const search: SnapshotSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = useCallback(
    (changes: SnapshotSearch) => void navigate({ to: '/snapshots', search: (now) => ({ ...now, ...changes }), replace: true }),
    [navigate],
  )
  return (
    <Page title={text.title} description={text.description}>
      <SnapshotFilters search={search} onChange={change} />
      <Timeline search={search} onChange={change} />
    </Page>
  )
}

interface TimelineProps {
  readonly search: SnapshotSearch
  readonly onChange: (changes: SnapshotSearch) => void
}

function Timeline({ search, onChange }: TimelineProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const list = useInfiniteQuery(snapshotListQuery(filterOf(search)))
  const rows = useMemo(() => timelineRows(list.data?.pages.flatMap(({ items }) => items) ?? []), [list.data])
  const chosen = comparedIds(search.compare)
  const { data, error, isFetchingNextPage } = list
  const { more, retry } = useEndless(list)
  if (error !== null && data === undefined) return <FailureNotice failure={error} retry={retry} />
  if (data === undefined) {
    return (
      <Box mt="lg">
        <Waiting lines={8} height={48} />
      </Box>
    )
  }
  if (rows.length === 0) return <Nothing isFilterSet={isFiltered(search)} />
  const toggle = (id: number): void => onChange({ compare: toggledComparison(chosen, id) })
  return (
    <Box>
      {error === null ? null : <FailureNotice failure={error} retry={retry} />}
      <div className={classes.card}>
        <VirtualList items={rows} keyOf={keyOf} rowHeight={ROW_HEIGHT_PX} label={text.list} onNearEnd={more}>
          {(row) =>
            row.kind === 'day' ? (
              <DayHeading row={row} order={2} />
            ) : (
              <SnapshotRow
                snapshot={row.snapshot}
                showsClient
                isLastOfDay={row.isLastOfDay}
                needsSecond={row.needsSecond}
                comparison={{ isChosen: chosen.includes(row.snapshot.id), onToggle: () => toggle(row.snapshot.id) }}
              />
            )
          }
        </VirtualList>
      </div>
      {isFetchingNextPage ? (
        <Text size="sm" c="dimmed" role="status" mt="xs">
          {text.more}
        </Text>
      ) : null}
      <Comparison ids={chosen} rows={rows} onClear={() => onChange({ compare: undefined })} />
    </Box>
  )
}

function keyOf(row: TimelineRow): string {
  return row.kind === 'day' ? row.day : String(row.snapshot.id)
}

function Nothing({ isFilterSet }: { readonly isFilterSet: boolean }): ReactElement {
  const text = useMessages(snapshotMessages)
  return isFilterSet ? (
    <EmptyState icon={<IconFilterOff size={26} />} title={text.noneFoundTitle}>
      {text.noneFound}
    </EmptyState>
  ) : (
    <EmptyState icon={<IconStack2 size={26} />} title={text.noneTitle}>
      {text.none}
    </EmptyState>
  )
}

interface ComparisonProps {
  readonly ids: readonly number[]
  readonly rows: readonly TimelineRow[]
  readonly onClear: () => void
}

/** Leads to what changed from the older to the newer of two snapshots. */
function Comparison({ ids, rows, onClear }: ComparisonProps): ReactElement | null {
  const text = useMessages(snapshotMessages)
  if (ids.length === 0) return null
  const [older, newer] = olderFirst(ids, rows)
  return (
    <div className={classes.compare} role="status">
      <IconArrowsDiff size={18} aria-hidden />
      <Text size="sm" style={{ flex: 1 }}>
        {newer === undefined ? text.compareOne : text.compareTwo}
      </Text>
      {older === undefined || newer === undefined ? null : (
        <Button
          size="sm"
          renderRoot={(props) => (
            <Link to="/snapshots/$snapshotId/diff/$otherId" params={{ snapshotId: String(older), otherId: String(newer) }} {...props} />
          )}
        >
          {text.compare}
        </Button>
      )}
      <Button size="sm" variant="default" onClick={onClear}>
        {text.compareClear}
      </Button>
    </div>
  )
}

function olderFirst(ids: readonly number[], rows: readonly TimelineRow[]): readonly number[] {
  const times = new Map(rows.flatMap((row) => (row.kind === 'day' ? [] : [[row.snapshot.id, timeOf(row.snapshot)] as const])))
  return [...ids].sort((a, b) => (times.get(a) ?? a) - (times.get(b) ?? b))
}

function timeOf({ time }: SnapshotView): number {
  return Date.parse(time)
}
