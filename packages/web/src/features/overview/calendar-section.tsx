import type { CalendarDay, Run } from '@holdfast/protocol'
import { Group, Text, VisuallyHidden } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef } from 'react'
import { later } from '../../app/clock.ts'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { type RunHearer, useRunEvents } from '../../app/live.ts'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { type Format, useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import classes from './calendar.module.css'
import { toneOf, weeksOf } from './calendar-weeks.ts'
import { overviewMessages } from './messages.ts'
import { calendarQuery } from './queries.ts'

/** A Monday, to name weekdays by. */
const MONDAY_MS = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000
/** However many runs end, the calendar is fetched at most so often. */
const ENDED_REFRESH_MS = 10_000

/** The backups of the last thirty days; each day leads to its runs. */
export function CalendarSection(): ReactElement {
  const text = useMessages(overviewMessages)
  const { data, error, refetch } = useQuery(calendarQuery)
  useRefreshAtEnds()
  return (
    <Section title={text.calendar} description={text.calendarLead}>
      {data === undefined ? (
        error === null ? (
          <Waiting lines={6} height={34} />
        ) : (
          <FailureNotice failure={error} retry={() => void refetch()} />
        )
      ) : (
        <CalendarGrid days={data.days} />
      )}
      <Legend />
    </Section>
  )
}

/** Fetches the calendar anew when backups have ended. */
function useRefreshAtEnds(): void {
  const queries = useQueryClient()
  const cancel = useRef<() => void>(undefined)
  useEffect(() => () => cancel.current?.(), [])
  const hearer = useRef<RunHearer>({
    onRun: (run) => {
      if (!hasEnded(run)) return
      cancel.current ??= later(ENDED_REFRESH_MS, () => {
        cancel.current = undefined
        void queries.invalidateQueries({ queryKey: calendarQuery.queryKey })
      })
    },
    onGap: () => undefined,
  })
  useRunEvents(hearer.current)
}

function hasEnded({ kind, state }: Run): boolean {
  return kind === 'backup' && state !== 'pending' && state !== 'running'
}

function CalendarGrid({ days }: { readonly days: readonly CalendarDay[] }): ReactElement {
  const text = useMessages(overviewMessages)
  const { language } = useLanguage()
  const firstWeekday = language === 'ja' ? 0 : 1
  const short = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' })
  const long = new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' })
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' })
  const weekdays = Array.from({ length: 7 }, (_, index) => MONDAY_MS + (index + firstWeekday - 1) * DAY_MS)
  return (
    <table className={classes.grid}>
      <caption>
        <VisuallyHidden>{text.calendarCaption}</VisuallyHidden>
      </caption>
      <thead>
        <tr>
          {weekdays.map((at) => (
            <th key={at} scope="col" abbr={long.format(at)}>
              {short.format(at)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeksOf(days, firstWeekday).map((week, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows that stay where they are
          <tr key={index}>
            {week.map((day, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a place is a weekday
              <td key={place}>
                {day === undefined ? null : (
                  <DayCell day={day} date={dates.format(new Date(`${day.day}T00:00:00Z`))} isToday={day === days.at(-1)} />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface DayCellProps {
  readonly day: CalendarDay
  /** The day in words. */
  readonly date: string
  readonly isToday: boolean
}

function DayCell({ day, date, isToday }: DayCellProps): ReactElement {
  const text = useMessages(overviewMessages)
  const format = useFormat()
  const label = text.dayLabel(date, factsOf(day, { text, format }).join(', '))
  const total = day.finished + day.error + day.missed + day.cancelled
  const share = (count: number): string => `${(100 * count) / Math.max(1, total)}%`
  return (
    <Link
      to="/runs"
      search={{ kind: 'backup', since: day.day, until: day.day }}
      className={classes.day}
      data-tone={toneOf(day)}
      aria-label={label}
      title={label}
      aria-current={isToday ? 'date' : undefined}
    >
      <span className={classes.date}>
        {Number(day.day.slice(8))}
        {day.error > 0 ? <b>!</b> : null}
      </span>
      <span className={classes.parts}>
        <i data-part="good" style={{ width: share(day.finished) }} />
        <i data-part="failed" style={{ width: share(day.error) }} />
        <i data-part="missed" style={{ width: share(day.missed + day.cancelled) }} />
      </span>
    </Link>
  )
}

function factsOf(
  { finished, error, missed, cancelled, addedBytes }: CalendarDay,
  { text, format }: { readonly text: (typeof overviewMessages)['en']; readonly format: Format },
): readonly string[] {
  const facts = [
    ...(finished > 0 ? [text.dayFinished(finished)] : []),
    ...(error > 0 ? [text.dayFailed(error)] : []),
    ...(missed > 0 ? [text.dayMissed(missed)] : []),
    ...(cancelled > 0 ? [text.dayCancelled(cancelled)] : []),
    ...(addedBytes > 0 ? [text.dayAdded(format.bytes(addedBytes))] : []),
  ]
  return facts.length === 0 ? [text.dayNothing] : facts
}

function Legend(): ReactElement {
  const text = useMessages(overviewMessages)
  const entries = [
    ['good', text.legendFinished],
    ['failed', `${text.legendFailed} (!)`],
    ['missed', text.legendMissed],
  ] as const
  return (
    <Group gap={14} style={{ rowGap: 2 }} mt="sm" aria-hidden>
      {entries.map(([part, label]) => (
        <Text key={part} size="sm" c="dimmed" component="span" className={classes.legend ?? ''}>
          <i data-part={part} />
          {label}
        </Text>
      ))}
    </Group>
  )
}
