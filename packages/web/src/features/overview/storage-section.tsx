import type { Overview } from '@holdfast/protocol'
import { Anchor, Skeleton, Text } from '@mantine/core'
import { useInViewport } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, type ReactElement, Suspense } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'
import { historyQuery } from './queries.ts'

/** Charts weigh as much as everything else on the page: they come when somebody gets to where they are. */
const GrowthChart = lazy(() => import('./growth-chart.tsx').then((module) => ({ default: module.GrowthChart })))

/** What is protected against what it takes up, what is saved, and how it grows. */
export function StorageSection({ data }: { readonly data: Overview['data'] }): ReactElement {
  const text = useMessages(overviewMessages)
  const { isAdmin } = useRights()
  const repositories = (
    <Anchor component={Link} to="/repositories" size="sm">
      {text.toRepositories}
    </Anchor>
  )
  return (
    <Section title={text.storage} description={text.storageLead} actions={repositories}>
      <div className={isAdmin ? classes.storage : undefined}>
        <Savings data={data} />
        {isAdmin ? <Growth /> : null}
      </div>
    </Section>
  )
}

function Savings({ data }: { readonly data: Overview['data'] }): ReactElement {
  const text = useMessages(overviewMessages)
  const format = useFormat()
  const { protectedBytes, storedBytes, savedShare, deduplicationRatio, compressionRatio } = data
  if (protectedBytes === 0) {
    return (
      <Text size="sm" c="dimmed">
        {text.notCounted}
      </Text>
    )
  }
  const largest = Math.max(protectedBytes, storedBytes)
  const hasRatios = deduplicationRatio !== null && compressionRatio !== null
  return (
    <div>
      <Amount label={text.protectedData} value={format.bytes(protectedBytes)} share={protectedBytes / largest} />
      <Amount label={text.storedData} value={format.bytes(storedBytes)} share={storedBytes / largest} isStored />
      {savedShare === null ? null : (
        <>
          <Text className={classes.saved ?? ''} mt="md">
            {text.saved(format.percent(Math.round(savedShare * 1000) / 1000))}
          </Text>
          <Text size="sm" c="dimmed">
            {hasRatios ? text.savedWhy(format.count(deduplicationRatio), format.count(compressionRatio)) : text.savedOwn}
          </Text>
        </>
      )}
    </div>
  )
}

interface AmountProps {
  readonly label: string
  readonly value: string
  readonly share: number
  readonly isStored?: boolean
}

function Amount({ label, value, share, isStored = false }: AmountProps): ReactElement {
  return (
    <div className={classes.amount}>
      <div className={classes.liveHead}>
        <Text size="sm" component="span">
          {label}
        </Text>
        <Text size="sm" fw={600} component="span" className={classes.figureText ?? ''}>
          {value}
        </Text>
      </div>
      <div className={classes.bar} aria-hidden>
        <span data-stored={isStored || undefined} style={{ width: `${Math.max(0.5, share * 100)}%` }} />
      </div>
    </div>
  )
}

function Growth(): ReactElement {
  const text = useMessages(overviewMessages)
  const { data } = useQuery(historyQuery)
  const { ref, inViewport } = useInViewport<HTMLDivElement>()
  const left = data?.daysUntilFull ?? null
  return (
    <div ref={ref}>
      <div className={classes.liveHead}>
        <Text size="sm" fw={600}>
          {text.growth}
        </Text>
        <Text size="sm" c={left !== null && left < 30 ? undefined : 'dimmed'} fw={left !== null && left < 30 ? 600 : undefined}>
          {data === undefined || data.days.length < 2 ? null : left === null ? text.noEndInSight : text.daysUntilFull(left)}
        </Text>
      </div>
      <div className={classes.chart}>
        {data === undefined ? null : data.days.length < 2 ? (
          <Text size="sm" c="dimmed" className={classes.chartSoon ?? ''}>
            {text.growthSoon}
          </Text>
        ) : (
          <Suspense fallback={<Skeleton height="100%" />}>{inViewport ? <GrowthChart days={data.days} /> : null}</Suspense>
        )}
      </div>
    </div>
  )
}
