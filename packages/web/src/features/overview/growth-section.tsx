import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Section } from '../../ui/section.tsx'
import { GrowthChart } from './growth-chart.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'
import { historyQuery } from './queries.ts'

/** When less than so many days are left, they stand out. */
const SOON_DAYS = 30

/** How the repositories have grown, and how long there is room. For administrators: the server tells nobody else. */
export function GrowthSection(): ReactElement {
  const text = useMessages(overviewMessages)
  const { data, error, refetch } = useQuery(historyQuery)
  const days = data?.days ?? []
  const left = data?.daysUntilFull ?? null
  const isSoon = left !== null && left < SOON_DAYS
  const outlook = (
    <Text size="sm" fw={isSoon ? 600 : 400} c={isSoon ? 'var(--mantine-color-error)' : 'dimmed'}>
      {left === null ? text.noEndInSight : text.daysUntilFull(left)}
    </Text>
  )
  return (
    <Section title={text.growth} description={text.growthLead} actions={days.length > 1 ? outlook : undefined}>
      <div className={classes.chart}>
        {error !== null && data === undefined ? (
          <FailureNotice failure={error} retry={() => void refetch()} />
        ) : days.length > 1 ? (
          <GrowthChart days={days} />
        ) : data === undefined ? null : (
          <Text size="sm" c="dimmed" className={classes.chartSoon ?? ''}>
            {text.growthSoon}
          </Text>
        )}
      </div>
    </Section>
  )
}
