import type { RunLogEntry } from '@holdfast/protocol'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState } from 'react'
import { type RunHearer, useRunEvents, useRunLog } from '../../app/live.ts'
import { mergedLines } from './log-lines.ts'
import { fetchLaterLines, logQuery } from './queries.ts'

/** The lines of a run's log that are loaded, oldest first; more are heard as they are written. */
export interface ShownLog {
  readonly lines: readonly RunLogEntry[]
  readonly failure: Error | null
  readonly isWaiting: boolean
  readonly hasOlder: boolean
  readonly loadOlder: () => void
  readonly retry: () => void
}

/** The log of a run from its end, which older lines are loaded to on demand. The component is keyed by the run. */
export function useLog(runId: number): ShownLog {
  const { data, error, isPending, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery(logQuery(runId))
  const heard = useHeardLines(runId)
  const fetched = useMemo(() => data?.pages.flatMap(({ items }) => items).toReversed() ?? [], [data])
  const lines = useMemo(
    () =>
      mergedLines(
        fetched,
        heard.filter(({ id }) => id > (fetched[0]?.id ?? 0)),
      ),
    [fetched, heard],
  )
  const mayLoad = hasNextPage && !isFetching && error === null
  const loadOlder = useCallback(() => {
    if (mayLoad) void fetchNextPage()
  }, [mayLoad, fetchNextPage])
  const retry = useCallback(() => void (data === undefined ? refetch() : fetchNextPage()), [data, refetch, fetchNextPage])
  return { lines, failure: error, isWaiting: isPending, hasOlder: hasNextPage, loadOlder, retry }
}

/** What was heard since the component is shown. */
function useHeardLines(runId: number): readonly RunLogEntry[] {
  const [heard, setHeard] = useState<readonly RunLogEntry[]>([])
  const lastId = useRef(0)
  const take = useCallback((entries: readonly RunLogEntry[]) => {
    lastId.current = Math.max(lastId.current, entries.at(-1)?.id ?? 0)
    setHeard((before) => mergedLines(before, entries))
  }, [])
  useRunLog(runId, take)
  useRunEvents(
    useMemo((): RunHearer => {
      return { onRun: () => undefined, onGap: () => void catchUp(runId, { afterId: lastId.current, take }) }
    }, [runId, take]),
  )
  return heard
}

/** Fetches what was written while the connection was away. */
async function catchUp(
  runId: number,
  { afterId, take }: { readonly afterId: number; readonly take: (entries: readonly RunLogEntry[]) => void },
): Promise<void> {
  if (afterId === 0) return
  try {
    take(await fetchLaterLines(runId, afterId))
  } catch {
    // The connection tells when it is back, and then it is tried again.
  }
}
