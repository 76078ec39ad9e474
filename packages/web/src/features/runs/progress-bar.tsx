import type { ReactElement } from 'react'
import classes from './run-progress.module.css'

export interface ProgressBarProps {
  /** From 0 to 1; null while nobody knows. */
  readonly fraction: number | null
  readonly label: string
  /** What screen readers say instead of the percentage. */
  readonly valueText?: string
}

/** How much of something is done. */
export function ProgressBar({ fraction, label, valueText }: ProgressBarProps): ReactElement {
  const percent = fraction === null ? undefined : Math.floor(fraction * 100)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={valueText}
      className={classes.track}
    >
      {fraction === null ? (
        <div className={`${classes.bar} ${classes.unknown}`} />
      ) : (
        <div className={classes.bar} style={{ width: `${fraction * 100}%` }} />
      )}
    </div>
  )
}
