import type { Overview } from '@holdfast/protocol'
import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactElement, useDeferredValue } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { AttentionSection } from './attention-section.tsx'
import { CalendarSection } from './calendar-section.tsx'
import { ClientsSection } from './clients-section.tsx'
import { FiguresStrip } from './figures-strip.tsx'
import { FirstSteps, FirstStepsGoOn } from './first-steps.tsx'
import { GrowthSection } from './growth-section.tsx'
import { LiveSection } from './live-section.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'
import { overviewQuery } from './queries.ts'
import { StorageSection } from './storage-section.tsx'

const route = getRouteApi('/shell/')

/** The first page: what needs somebody, then how everything is. */
export function OverviewPage(): ReactElement {
  const text = useMessages(overviewMessages)
  const { attention } = route.useSearch()
  const { mayManage } = useRights()
  const { data, error, refetch } = useQuery(overviewQuery)
  const add = (
    <Button
      variant="default"
      leftSection={<IconPlus size={18} aria-hidden />}
      renderRoot={(props) => <Link {...props} to="/clients" search={{ add: '1' }} />}
    >
      {text.addClient}
    </Button>
  )
  const isEmpty = data?.clients.total === 0
  return (
    <Page title={text.title} actions={mayManage && data !== undefined && !isEmpty ? add : undefined}>
      {data === undefined ? (
        error === null ? (
          <Waiting lines={8} height={48} />
        ) : (
          <FailureNotice failure={error} retry={() => void refetch()} />
        )
      ) : isEmpty ? (
        <div className={classes.page}>
          <FirstSteps />
          {data.attention.total === 0 ? null : <AttentionSection overview={data} isOpen={attention === 'all'} />}
        </div>
      ) : (
        <Everything overview={data} isAttentionOpen={attention === 'all'} />
      )}
    </Page>
  )
}

interface EverythingProps {
  readonly overview: Overview
  readonly isAttentionOpen: boolean
}

/** What needs somebody is painted first, and the rest right after it: nothing of that stands above. */
function Everything({ overview, isAttentionOpen }: EverythingProps): ReactElement {
  const { isAdmin } = useRights()
  const isRestShown = useDeferredValue(true, false)
  const { clients, plans, data } = overview
  const isNothingPlanned = plans.total === 0 && data.snapshots === 0 && clients.total > clients.disabled
  return (
    <div className={classes.page} aria-busy={!isRestShown}>
      {isAdmin && isNothingPlanned ? <FirstStepsGoOn /> : null}
      <FiguresStrip overview={overview} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <AttentionSection overview={overview} isOpen={isAttentionOpen} />
          {isRestShown ? <ClientsSection total={overview.clients.total} /> : null}
          {isRestShown && isAdmin ? <GrowthSection /> : null}
        </div>
        {isRestShown ? (
          <div className={classes.column}>
            <LiveSection />
            <CalendarSection />
            <StorageSection data={overview.data} />
          </div>
        ) : null}
      </div>
    </div>
  )
}
