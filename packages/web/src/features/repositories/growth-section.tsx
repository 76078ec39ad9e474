import type { History, RepositoryView } from '@holdfast/protocol'
import { SegmentedControl, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { GrowthChart } from '../overview/growth-chart.tsx'
import { repositoryMessages } from './messages.ts'
import { historyQuery } from './queries.ts'

const PERIODS_DAYS = [30, 90, 365]

/** How a repository has grown, and when its disk will be full. */
export function GrowthSection({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const [days, setDays] = useState(90)
  const { data, error, refetch } = useQuery(historyQuery(repository.id, days))
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={text.period}
      data={PERIODS_DAYS.map((period) => ({ value: String(period), label: text.days(period) }))}
      value={String(days)}
      onChange={(chosen) => setDays(Number(chosen))}
    />
  )
  return (
    <Section title={text.growth} actions={choice}>
      {data === undefined && error !== null ? <FailureNotice failure={error} retry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <Waiting lines={6} /> : null}
      {data === undefined ? null : <Growth history={data} />}
    </Section>
  )
}

function Growth({ history }: { readonly history: History }): ReactElement {
  const text = useMessages(repositoryMessages)
  if (history.days.length < 2) {
    return (
      <Text size="sm" c="dimmed">
        {text.growthEmpty}
      </Text>
    )
  }
  return (
    <Stack gap="xs">
      <GrowthChart days={history.days} />
      {history.daysUntilFull === null ? null : <Text size="sm">{text.daysUntilFull(Math.round(history.daysUntilFull))}</Text>}
    </Stack>
  )
}
