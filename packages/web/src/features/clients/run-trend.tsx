import type { RunState } from '@holdfast/protocol'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { clientMessages } from './messages.ts'
import classes from './run-trend.module.css'

const SHOWN = 10

/** The ends of the last runs, oldest first: whole bars went well, short ones did not. */
export function RunTrend({ trend }: { readonly trend: readonly RunState[] }): ReactElement {
  const text = useMessages(clientMessages)
  const count = (state: RunState): number => trend.filter((one) => one === state).length
  const label = trend.length === 0 ? text.noTrend : text.trend(count('finished'), count('error'), count('cancelled'))
  const places = [...Array.from({ length: Math.max(0, SHOWN - trend.length) }, () => undefined), ...trend]
  return (
    <span className={classes.trend} role="img" aria-label={label} title={label}>
      {places.map((state, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: ten places that stay where they are
        <span key={index} className={classes.bar} data-state={state ?? 'none'} />
      ))}
    </span>
  )
}
