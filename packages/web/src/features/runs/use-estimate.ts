import type { Run } from '@holdfast/protocol'
import { useEffect, useState } from 'react'
import { now, useNow } from '../../app/clock.ts'
import { addSample, type Estimate, estimate, type ProgressSample } from './estimate.ts'

const EVERY_MS = 1000

/** What can be said of a run from what was heard of it while the component is shown. The component is keyed by the run. */
export function useEstimate({ progress }: Pick<Run, 'progress'>): Estimate {
  const nowMs = useNow(EVERY_MS)
  const [samples, setSamples] = useState<readonly ProgressSample[]>([])
  useEffect(() => {
    if (progress !== null) setSamples((before) => addSample(before, progress, now()))
  }, [progress])
  return progress === null ? { bytesPerSecond: null, filesPerSecond: null, timeLeftMs: null } : estimate(samples, progress, nowMs)
}
