import type { StoredSnapshot } from '../../format/snapshot.ts'
import { compareTimestamps, type Timestamp } from '../../format/timestamp.ts'
import { GROUP_BY_HOST_AND_PATHS, type GroupBy } from '../../snapshots/grouping.ts'
import { filterSnapshots } from '../../snapshots/selection.ts'

export interface ParentCriteria {
  readonly hostname: string
  /** Absolute paths of the backup to be made. */
  readonly paths: readonly string[]
  readonly tags?: readonly string[]
  /** Moment of the backup to be made: later snapshots are no parents of it. */
  readonly time: Timestamp
  /** What a parent must share; host and paths by default. */
  readonly groupBy?: GroupBy
}

/** The newest snapshot of the same host and paths, whose unchanged files a backup need not read again. */
export function findParent(snapshots: readonly StoredSnapshot[], criteria: ParentCriteria): StoredSnapshot | undefined {
  const groupBy = criteria.groupBy ?? GROUP_BY_HOST_AND_PATHS
  const alike = filterSnapshots(snapshots, {
    ...(groupBy.host ? { hosts: [criteria.hostname] } : {}),
    ...(groupBy.paths ? { paths: criteria.paths } : {}),
    ...(groupBy.tags ? { tags: [criteria.tags ?? []] } : {}),
  })
  return alike
    .filter(({ time }) => compareTimestamps(time, criteria.time) <= 0)
    .reduce<StoredSnapshot | undefined>((latest, snapshot) => {
      return latest === undefined || compareTimestamps(snapshot.time, latest.time) >= 0 ? snapshot : latest
    }, undefined)
}
