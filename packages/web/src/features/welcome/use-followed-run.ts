import type { Run } from '@holdfast/protocol'
import { useQuery } from '@tanstack/react-query'
import { useLiveRun } from '../../app/live.ts'
import { runQuery } from '../runs/queries.ts'

/** A run whose end was not heard of, because the connection broke, is asked for. */
const LOOK_EVERY_MS = 2000

/** A run on its way to its end. */
export interface FollowedRun {
  /** Undefined while nothing is known of it. */
  readonly run: Run | undefined
  readonly error: Error | null
  readonly refetch: () => Promise<unknown>
}

/** Follows a run to its end, however it is heard of. */
export function useFollowedRun(runId: number): FollowedRun {
  const live = useLiveRun(runId)
  const { data, error, refetch } = useQuery({
    ...runQuery(runId),
    refetchInterval: ({ state }) => (state.data === undefined || isUnderWay(state.data) ? LOOK_EVERY_MS : false),
  })
  return { run: data !== undefined && !isUnderWay(data) ? data : (live ?? data), error, refetch }
}

function isUnderWay({ state }: Run): boolean {
  return state === 'pending' || state === 'running'
}
