import {
  type Clock,
  compareTimestamps,
  namedTimeZone,
  planForget,
  type RetentionPolicy,
  type StoredSnapshot,
  type TimeZone,
} from '@holdfast/engine'
import type { PlanDefinition, Retention, RetentionReason, RunStatistics } from '@holdfast/protocol'
import { dayByDay, zonedTime } from './zoned-time.ts'

/** A snapshot of the register together with what the repository has of it. */
export interface JudgedSnapshot {
  readonly stored: StoredSnapshot
  readonly isPinned: boolean
  /** Whether the run that made it met with errors, so that files may be missing in it. */
  readonly isPartial: boolean
}

/** What retention makes of one snapshot. */
export interface Judgement<Judged> {
  readonly snapshot: Judged
  readonly isKept: boolean
  /** All that keep it; `expired` where nothing does. */
  readonly reasons: readonly RetentionReason[]
}

const ONE_GROUP = { host: false, paths: false, tags: false }
const COUNTED = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

interface JudgeOptions {
  readonly retention: Retention | null
  readonly clock: Clock
  /** On whose calendar hours, days, weeks, months and years are counted; see {@link calendarOf}. */
  readonly timeZone: TimeZone
}

/**
 * What becomes of the snapshots of one source, in the order given. `versions` and `days` limit together: what is beyond either goes. The
 * counts of hours, days, weeks, months and years each keep something more. Days count back from the newest snapshot, so that a source that
 * is not backed up any more loses nothing. Pinned ones stay, the newest one does, and the newest that is whole.
 */
export function judgeSnapshots<Judged extends JudgedSnapshot>(
  snapshots: readonly Judged[],
  { retention, clock, timeZone }: JudgeOptions,
): readonly Judgement<Judged>[] {
  const policy = retention === null ? {} : policyOf(retention)
  if (retention === null || Object.keys(policy).length === 0) {
    return snapshots.map((snapshot) => ({ snapshot, isKept: true, reasons: ['unlimited'] }))
  }
  const { groups } = planForget(storedIn(timeZone, snapshots), { policy, groupBy: ONE_GROUP, clock, timeZone })
  const matches = new Map(groups.flatMap((group) => group.reasons.map((reason) => [reason.snapshot.id, reason.matches])))
  const newest = newestOf(snapshots)
  const newestWhole = newestOf(snapshots.filter(({ isPartial }) => !isPartial))
  return snapshots.map((snapshot) => {
    const reasons: RetentionReason[] = [
      ...(snapshot.isPinned ? (['pinned'] as const) : []),
      ...(snapshot === newest ? (['newest'] as const) : []),
      ...(snapshot === newestWhole ? (['newest-whole'] as const) : []),
      ...reasonsOf(matches.get(snapshot.stored.id) ?? [], retention),
    ]
    return { snapshot, isKept: reasons.length > 0, reasons: reasons.length > 0 ? reasons : ['expired'] }
  })
}

/** Which snapshots of one source retention does not keep, as {@link judgeSnapshots} says. */
export function expiredSnapshots<Judged extends JudgedSnapshot>(snapshots: readonly Judged[], options: JudgeOptions): readonly Judged[] {
  return judgeSnapshots(snapshots, options).flatMap(({ snapshot, isKept }) => (isKept ? [] : [snapshot]))
}

/** Snapshots with the same answer are judged together: those of one plan, else those of the same machine and folders. */
export function sourceOf(snapshot: {
  readonly clientId: number
  readonly planId: number | null
  readonly hostname: string | undefined
  readonly paths: readonly string[]
}): string {
  const { clientId, planId, hostname, paths } = snapshot
  return JSON.stringify(planId === null ? [clientId, hostname, paths.toSorted()] : [clientId, planId])
}

/**
 * The calendar of a source: that of its plan's schedule, whoever the policy comes from, and that of UTC where there is no plan (any more).
 * Snapshots of several plans are several sources, whatever machine and folders they are of.
 */
export function calendarOf(plan: Pick<PlanDefinition, 'schedule'> | undefined): TimeZone {
  return dayByDay(namedTimeZone(plan?.schedule.timeZone ?? 'UTC'))
}

/** Whether the run that made a snapshot met with errors, by what it has counted, in JSON. */
export function isPartial(runStatistics: string | null): boolean {
  return runStatistics !== null && ((JSON.parse(runStatistics) as RunStatistics).errorCount ?? 0) > 0
}

function policyOf({ versions, days, ...counts }: Retention): RetentionPolicy {
  const given = Object.entries(counts).filter(([, count]) => count !== undefined)
  return {
    ...(Object.fromEntries(given) as RetentionPolicy),
    ...(versions === undefined ? {} : { last: versions }),
    ...(days === undefined ? {} : { within: { years: 0, months: 0, days, hours: 0 } }),
  }
}

/** Of the rules that match a snapshot, in the engine's words, those that keep it: limits do so together alone. */
function reasonsOf(matches: readonly string[], { versions, days }: Retention): readonly RetentionReason[] {
  const isRecent = matches.includes('last snapshot')
  const isYoung = matches.some((match) => match.startsWith('within '))
  const isWithinLimits = (versions === undefined || isRecent) && (days === undefined || isYoung)
  return [
    ...(isWithinLimits && isRecent ? (['versions'] as const) : []),
    ...(isWithinLimits && isYoung ? (['days'] as const) : []),
    ...COUNTED.filter((unit) => matches.includes(`${unit} snapshot`) || matches.includes(`oldest ${unit} snapshot`)),
  ]
}

function newestOf<Judged extends JudgedSnapshot>(snapshots: readonly Judged[]): Judged | undefined {
  let newest = snapshots[0]
  for (const one of snapshots) {
    if (newest !== undefined && compareTimestamps(one.stored.time, newest.stored.time) > 0) newest = one
  }
  return newest
}

/** A snapshot says its time in the zone of the machine that made it, on whose calendar the engine counts. */
function storedIn(timeZone: TimeZone, snapshots: readonly JudgedSnapshot[]): StoredSnapshot[] {
  return snapshots.map(({ stored }) => ({ ...stored, time: zonedTime(stored.time, timeZone) }))
}
