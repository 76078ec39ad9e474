import { Button, Chip, Group, Text } from '@mantine/core'
import { IconArrowsDiff, IconArrowsExchange, IconEqual } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Page } from '../../ui/page.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import classes from './diff.module.css'
import { diffMessages } from './diff-messages.ts'
import { DiffLine } from './diff-row.tsx'
import { CHANGE_KINDS, type ChangeKind, type DiffRow, diffRows, kindsOf, toggledKind } from './diff-rows.ts'
import { diffQuery, snapshotQuery } from './queries.ts'

const ROW_HEIGHT_PX = 36
const ROWS_MIN = 60

/** What differs between two snapshots. */
export function DiffPage(): ReactElement {
  const text = useMessages(diffMessages)
  const { snapshotId, otherId } = useParams({ strict: false })
  const ids = { from: Number(snapshotId), to: Number(otherId) }
  const search: { readonly change?: string } = useSearch({ strict: false })
  const kinds = kindsOf(search.change)
  const navigate = useNavigate()
  const toggle = (kind: ChangeKind): void =>
    void navigate({
      to: '/snapshots/$snapshotId/diff/$otherId',
      params: { snapshotId: String(ids.from), otherId: String(ids.to) },
      search: { change: toggledKind(kinds, kind) },
      replace: true,
    })
  return (
    <Page title={text.title} breadcrumbs={[{ label: text.snapshots, to: '/snapshots' }]}>
      <div className={classes.ends}>
        <End label={text.before} id={ids.from} />
        <Button
          variant="default"
          leftSection={<IconArrowsExchange size={16} aria-hidden />}
          renderRoot={(props) => (
            <Link
              to="/snapshots/$snapshotId/diff/$otherId"
              params={{ snapshotId: String(ids.to), otherId: String(ids.from) }}
              search={{ change: search.change }}
              {...props}
            />
          )}
        >
          {text.swap}
        </Button>
        <End label={text.after} id={ids.to} />
      </div>
      <Group gap="xs" my="md" role="group" aria-label={text.show}>
        {CHANGE_KINDS.map((kind) => (
          <Chip key={kind} size="sm" checked={kinds.includes(kind)} onChange={() => toggle(kind)}>
            {text[kind]}
          </Chip>
        ))}
      </Group>
      <Changes ids={ids} change={kinds.length === CHANGE_KINDS.length ? undefined : kinds.join(',')} />
    </Page>
  )
}

function End({ label, id }: { readonly label: string; readonly id: number }): ReactElement {
  const format = useFormat()
  const snapshot = useQuery(snapshotQuery(id))
  return (
    <div className={classes.end}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {snapshot.isError ? <FailureNotice failure={snapshot.error} /> : null}
      {snapshot.isPending ? <Waiting lines={1} /> : null}
      {snapshot.data === undefined ? null : (
        <>
          <Link to="/snapshots/$snapshotId" params={{ snapshotId: String(id) }} className={classes.link}>
            <Text fw={600} component="span" title={format.exact(snapshot.data.time)}>
              {format.second(snapshot.data.time)}
            </Text>
          </Link>
          <Text size="sm" c="dimmed" component="div">
            <FileName>{snapshot.data.clientName ?? snapshot.data.hostname}</FileName>
            {snapshot.data.planName === null ? null : (
              <>
                {' · '}
                <FileName>{snapshot.data.planName}</FileName>
              </>
            )}
          </Text>
        </>
      )}
    </div>
  )
}

interface ChangesProps {
  readonly ids: { readonly from: number; readonly to: number }
  readonly change: string | undefined
}

function Changes({ ids, change }: ChangesProps): ReactElement {
  const text = useMessages(diffMessages)
  const list = useInfiniteQuery(diffQuery(ids, { path: '/', change }))
  const changes = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data])
  const rows = useMemo(() => diffRows(changes), [changes])
  const { hasNextPage } = list
  const { more, retry } = useEndless(list, { shown: rows.length, least: ROWS_MIN })
  if (list.isError && rows.length === 0) return <FailureNotice failure={list.error} retry={retry} />
  if (list.isPending || (rows.length === 0 && hasNextPage)) return <Waiting lines={10} height={18} />
  if (rows.length === 0) {
    return (
      <EmptyState icon={<IconEqual size={26} />} title={text.noneTitle}>
        {change === undefined ? text.none : text.noneShown}
      </EmptyState>
    )
  }
  return (
    <>
      {list.isError ? <FailureNotice failure={list.error} retry={retry} /> : null}
      <Group gap={6} mb={6}>
        <IconArrowsDiff size={16} aria-hidden />
        <Text size="sm" c="dimmed" role="status">
          {text.shown(changes.length, !hasNextPage)}
        </Text>
      </Group>
      <div className={classes.card}>
        <VirtualList items={rows} keyOf={keyOf} rowHeight={ROW_HEIGHT_PX} label={text.list} onNearEnd={more}>
          {(row) => <DiffLine row={row} ids={ids} />}
        </VirtualList>
      </div>
    </>
  )
}

/** A folder may come twice: before and behind the folders in it. */
function keyOf(row: DiffRow): string {
  return row.kind === 'folder' ? `above ${row.first}` : row.change.path
}
