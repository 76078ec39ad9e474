import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { type RunHearer, useRunEvents, useRunLog } from '../../app/live.ts'
import { type LogPart, LogWindow } from './log-window.ts'
import { logSource } from './queries.ts'

/** The part of a run's log that is read; more is heard as it is written, and loaded as one comes near the ends of the part. */
export interface ShownLog extends LogPart {
  readonly window: LogWindow
}

/** The log of a run from its end. The component is keyed by the run. */
export function useLog(runId: number): ShownLog {
  const [window] = useState(() => new LogWindow(logSource(runId)))
  useEffect(() => void window.toEnd(), [window])
  useRunLog(
    runId,
    useCallback((entries) => window.hear(entries), [window]),
  )
  useRunEvents(useMemo((): RunHearer => ({ onRun: () => undefined, onGap: () => void window.catchUp() }), [window]))
  const part = useSyncExternalStore(window.subscribe, () => window.part)
  return { ...part, window }
}
