import { Anchor, Text, Title } from '@mantine/core'
import { IconStack2 } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormat } from '../../ui/format.ts'
import { Waiting } from '../../ui/waiting.tsx'
import { snapshotMessages } from './messages.ts'
import { snapshotListQuery } from './queries.ts'
import { SnapshotRow } from './snapshot-row.tsx'
import classes from './timeline.module.css'
import { type TimelineRow, timelineRows } from './timeline-rows.ts'

export interface SnapshotTimelineProps {
  readonly clientId: number
  /** How many are shown; a link leads to the others. */
  readonly limit: number
}

/** The newest snapshots of a client, by day. */
export function SnapshotTimeline({ clientId, limit }: SnapshotTimelineProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const list = useInfiniteQuery(snapshotListQuery({ clientId: String(clientId) }, limit))
  if (list.isPending) return <Waiting lines={4} height={44} />
  if (list.isError) return <FailureNotice failure={list.error} retry={() => void list.refetch()} />
  const page = list.data.pages[0]
  if (page === undefined || page.items.length === 0) {
    return (
      <EmptyState icon={<IconStack2 size={26} />} title={text.noneTitle}>
        {text.none}
      </EmptyState>
    )
  }
  return (
    <>
      <ul className={classes.list}>
        {timelineRows(page.items).map((row) => (
          <li key={row.kind === 'day' ? row.day : row.snapshot.id}>
            {row.kind === 'day' ? (
              <DayHeading row={row} order={3} />
            ) : (
              <SnapshotRow snapshot={row.snapshot} showsClient={false} isLastOfDay={row.isLastOfDay} needsSecond={row.needsSecond} />
            )}
          </li>
        ))}
      </ul>
      {page.next === null ? null : (
        <Anchor
          size="sm"
          mt="sm"
          display="inline-block"
          renderRoot={(props) => <Link to="/snapshots" search={{ clientId: String(clientId) }} {...props} />}
        >
          {text.showAll}
        </Anchor>
      )}
    </>
  )
}

/** A day of a timeline, with what came on it. */
export function DayHeading({ row, order }: { readonly row: TimelineRow & { readonly kind: 'day' }; readonly order: 2 | 3 }): ReactElement {
  const text = useMessages(snapshotMessages)
  const format = useFormat()
  return (
    <div className={classes.day}>
      <Title order={order}>{format.day(row.at)}</Title>
      <Text size="sm" c="dimmed" span>
        {text.snapshots(row.count)}
        {row.addedBytes > 0 ? ` · ${text.added(format.bytes(row.addedBytes))}` : ''}
      </Text>
    </div>
  )
}
