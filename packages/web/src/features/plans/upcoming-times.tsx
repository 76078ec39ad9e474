import type { PreviewSchedule, RunTimes } from '@holdfast/protocol'
import { Stack, Text } from '@mantine/core'
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useSettled } from '../../app/clock.ts'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { Moment } from '../../ui/figures.tsx'
import { useFormat } from '../../ui/format.ts'
import { Waiting } from '../../ui/waiting.tsx'
import classes from './plan-form.module.css'
import { previewTimesQuery } from './queries.ts'
import { scheduleMessages } from './schedule-messages.ts'

const SETTLED_MS = 400

export interface UpcomingTimesProps extends Omit<PreviewSchedule, 'count'> {
  readonly isEnabled: boolean
}

/** Asks when a schedule would run next, once nobody has changed it for a moment. It fails with what is wrong with the schedule. */
export function useUpcomingTimes({ schedule, limits, clientId }: Omit<PreviewSchedule, 'count'>): UseQueryResult<RunTimes> {
  const settled = useSettled(JSON.stringify({ schedule, limits, clientId }), SETTLED_MS)
  const asked = JSON.parse(settled) as Omit<PreviewSchedule, 'count'>
  return useQuery({ ...previewTimesQuery(asked), enabled: asked.schedule.cron !== null })
}

/** When a schedule that is not stored yet would run next, as the server says. A schedule that it refuses shows nothing: its field does. */
export function UpcomingTimes({ schedule, limits, clientId, isEnabled }: UpcomingTimesProps): ReactElement | null {
  const text = useMessages(scheduleMessages)
  const { data, isError } = useUpcomingTimes({ schedule, limits, clientId })
  const format = useFormat()
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  if (schedule.cron === null) return <Text size="sm">{text.nextManual}</Text>
  if (isError) return null
  if (data === undefined) return <Waiting lines={5} height={16} />
  if (data.times.length === 0) return <Text size="sm">{text.nextNone}</Text>
  return (
    <Stack gap={6}>
      <ol className={classes.times} aria-label={text.next}>
        {data.times.map(({ dueAt, startsAt }) => (
          <li key={dueAt}>
            <NextTime dueAt={dueAt} startsAt={startsAt} jitterSeconds={schedule.jitterSeconds} />
          </li>
        ))}
      </ol>
      {schedule.jitterSeconds === 0 ? null : <Text size="sm">{text.spread(format.duration(schedule.jitterSeconds * 1000))}</Text>}
      <Text size="sm" c="dimmed">
        {isEnabled ? text.inYourZone(timeZone) : text.nextOff}
      </Text>
    </Stack>
  )
}

interface NextTimeProps {
  readonly dueAt: string
  readonly startsAt: string
  readonly jitterSeconds: number
}

function NextTime({ dueAt, startsAt, jitterSeconds }: NextTimeProps): ReactElement {
  const text = useMessages(scheduleMessages)
  const { language } = useLanguage()
  const format = new Intl.DateTimeFormat(language, {
    ...({ weekday: 'short', day: 'numeric', month: 'short' } as const),
    ...({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const),
  })
  // What is later than that has waited for the end of a blackout.
  const isDelayed = Date.parse(startsAt) - Date.parse(dueAt) > jitterSeconds * 1000
  return (
    <>
      <span className={classes.when}>{format.format(new Date(isDelayed ? startsAt : dueAt))}</span>
      <Text span size="sm" c="dimmed">
        {isDelayed ? text.delayed(format.format(new Date(dueAt))) : <Moment at={startsAt} />}
      </Text>
    </>
  )
}
