import type { HistoryDay } from '@holdfast/protocol'
import '@mantine/charts/styles.css'
import { AreaChart } from '@mantine/charts'
import { type ReactElement, useMemo } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { overviewMessages } from './messages.ts'

/** What the repositories hold, day by day. */
export function GrowthChart({ days }: { readonly days: readonly HistoryDay[] }): ReactElement {
  const text = useMessages(overviewMessages)
  const format = useFormat()
  const { language } = useLanguage()
  const rows = useMemo(() => {
    const short = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', timeZone: 'UTC' })
    return days.map(({ day, storedBytes }) => ({ day: short.format(new Date(`${day}T00:00:00Z`)), storedBytes }))
  }, [days, language])
  const label = text.growthLabel(days.length, format.bytes(days[0]?.storedBytes ?? 0), format.bytes(days.at(-1)?.storedBytes ?? 0))
  return (
    <div role="img" aria-label={label} style={{ height: '100%' }}>
      <AreaChart
        h="100%"
        data={rows}
        dataKey="day"
        series={[{ name: 'storedBytes', label: text.storedData, color: 'kelp.6' }]}
        curveType="monotone"
        withDots={rows.length < 3}
        gridAxis="y"
        tickLine="none"
        valueFormatter={(value) => format.bytes(value)}
        yAxisProps={{ width: 76, tickCount: 4 }}
        xAxisProps={{ minTickGap: 40 }}
      />
    </div>
  )
}
