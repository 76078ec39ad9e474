import type { PreviewRetention, RetentionReason, RetentionPreview as Told } from '@holdfast/protocol'
import { Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useSettled } from '../../app/clock.ts'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { useFormat } from '../../ui/format.ts'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { retentionMessages } from './messages.ts'
import { retentionPreviewQuery } from './queries.ts'
import classes from './retention-preview.module.css'

type Judged = Told['items'][number]

const SETTLED_MS = 400

/** The snapshots of a plan or a client on a line of time: which would go under a retention that is not set yet, and why others stay. */
export function RetentionPreview({ request }: { readonly request: PreviewRetention }): ReactElement {
  const text = useMessages(retentionMessages)
  const settled = useSettled(JSON.stringify(request), SETTLED_MS)
  const { data, error, refetch } = useQuery(retentionPreviewQuery(JSON.parse(settled) as PreviewRetention))
  if (error !== null) return <FailureNotice failure={error} retry={() => void refetch()} />
  if (data === undefined) return <Waiting lines={3} />
  if (data.items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {text.previewNothing}
      </Text>
    )
  return <JudgedSnapshots told={data} />
}

function JudgedSnapshots({ told }: { readonly told: Told }): ReactElement {
  const text = useMessages(retentionMessages)
  const [isAll, setAll] = useState(true)
  const { items, keptCount, removedCount, hasMore } = told
  const shown = isAll || removedCount === 0 ? items : items.filter(({ isKept }) => !isKept)
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600} role="status">
          {text.previewSum(keptCount, removedCount)}
        </Text>
        {removedCount === 0 ? null : (
          <SegmentedControl
            size="xs"
            data={[
              { value: 'all', label: text.showAll },
              { value: 'removed', label: text.showRemoved },
            ]}
            value={isAll ? 'all' : 'removed'}
            onChange={(which) => setAll(which === 'all')}
            aria-label={text.show}
          />
        )}
      </Group>
      <div className={classes.list}>
        <VirtualList items={shown} keyOf={({ id }) => id} rowHeight={36} height="min(50vh, 22rem)" label={text.previewList}>
          {(judged) => <JudgedRow judged={judged} />}
        </VirtualList>
      </div>
      <Text size="sm" c="dimmed">
        {text.when} {hasMore || items.length < keptCount + removedCount ? text.more : null}
      </Text>
    </Stack>
  )
}

function JudgedRow({ judged: { time, isKept, addedBytes, reasons } }: { readonly judged: Judged }): ReactElement {
  const text = useMessages(retentionMessages)
  const { language } = useLanguage()
  const format = useFormat()
  const words = reasonWords(text)
  const Icon = isKept ? IconCircleCheck : IconCircleX
  return (
    <div className={classes.row}>
      <span className={`${classes.mark} ${isKept ? classes.kept : classes.gone}`}>
        <Icon size={18} role="img" aria-label={isKept ? text.stays : text.goes} />
      </span>
      <time dateTime={time} title={format.exact(time)}>
        {format.moment(time)}
      </time>
      <Bytes value={addedBytes} />
      <span className={`${classes.why} ${isKept ? classes.reason : classes.expired}`}>
        {isKept ? reasons.map((reason) => words[reason]).join(language === 'ja' ? '、' : ', ') : text.goes}
      </span>
    </div>
  )
}

function reasonWords(text: typeof retentionMessages.en): Readonly<Record<RetentionReason, string>> {
  return {
    unlimited: text.reasonUnlimited,
    pinned: text.reasonPinned,
    newest: text.reasonNewest,
    'newest-whole': text.reasonNewestWhole,
    versions: text.reasonVersions,
    days: text.reasonDays,
    hourly: text.reasonHourly,
    daily: text.reasonDaily,
    weekly: text.reasonWeekly,
    monthly: text.reasonMonthly,
    yearly: text.reasonYearly,
    expired: text.reasonExpired,
  }
}
