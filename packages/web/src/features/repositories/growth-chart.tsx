import '@mantine/charts/styles.css'
import type { HistoryDay } from '@holdfast/protocol'
import { AreaChart } from '@mantine/charts'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { repositoryMessages } from './messages.ts'

const HEIGHT = 220

/** What was stored and protected, day by day. Screen readers are told the outcome. */
export function GrowthChart({ days }: { readonly days: readonly HistoryDay[] }): ReactElement {
  const text = useMessages(repositoryMessages)
  const format = useFormat()
  const day = (value: string): string => format.day(`${value}T12:00:00.000Z`)
  const first = days[0]
  const last = days.at(-1)
  const summary =
    first === undefined || last === undefined ? '' : text.growthSummary(day(first.day), day(last.day), format.bytes(last.storedBytes))
  return (
    <div role="img" aria-label={summary}>
      <AreaChart
        h={HEIGHT}
        data={days.map(({ day: at, storedBytes, restoreBytes }) => ({ day: day(at), storedBytes, restoreBytes }))}
        dataKey="day"
        series={[
          { name: 'restoreBytes', label: text.growthRestore, color: 'gray.5' },
          { name: 'storedBytes', label: text.growthStored, color: 'kelp.6' },
        ]}
        valueFormatter={(value) => format.bytes(value)}
        yAxisProps={{ width: 76 }}
        curveType="monotone"
        withDots={false}
        withLegend
        gridAxis="y"
      />
    </div>
  )
}
