import { type Clock, planForget, type RetentionPolicy, type StoredSnapshot } from '@holdfast/engine'
import type { Retention, RetentionReason, RunStatistics } from '@holdfast/protocol'

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

/**
 * What becomes of the snapshots of one source, in the order given. `versions` and `days` limit together: what is beyond either goes. The
 * counts of hours, days, weeks, months and years each keep something more. Days count back from the newest snapshot, so that a source that
 * is not backed up any more loses nothing. Pinned ones stay, the newest one does, and the newest that is whole.
 */
export function judgeSnapshots<Judged extends JudgedSnapshot>(
  snapshots: readonly Judged[],
  { retention, clock }: { readonly retention: Retention | null; readonly clock: Clock },
): readonly Judgement<Judged>[] {
  const keep = (policy: RetentionPolicy, among: readonly JudgedSnapshot[] = snapshots): ReadonlySet<string> => {
    const plan = planForget(storedOf(among), { policy, groupBy: ONE_GROUP, clock })
    return new Set(plan.groups.flatMap((group) => group.keep.map(({ id }) => id)))
  }
  const rules = retention === null ? [] : rulesOf(retention, keep)
  if (rules.length === 0) return snapshots.map((snapshot) => ({ snapshot, isKept: true, reasons: ['unlimited'] }))
  const whole = snapshots.filter(({ isPartial }) => !isPartial)
  const always: readonly KeepingRule[] = [
    { reasons: ['pinned'], kept: new Set(snapshots.filter(({ isPinned }) => isPinned).map(({ stored }) => stored.id)) },
    { reasons: ['newest'], kept: keep({ last: 1 }) },
    { reasons: ['newest-whole'], kept: keep({ last: 1 }, whole) },
  ]
  return snapshots.map((snapshot) => {
    const reasons = [...always, ...rules].filter(({ kept }) => kept.has(snapshot.stored.id)).flatMap((rule) => rule.reasons)
    return { snapshot, isKept: reasons.length > 0, reasons: reasons.length > 0 ? reasons : ['expired'] }
  })
}

/** Which snapshots of one source retention does not keep, as {@link judgeSnapshots} says. */
export function expiredSnapshots<Judged extends JudgedSnapshot>(
  snapshots: readonly Judged[],
  options: { readonly retention: Retention | null; readonly clock: Clock },
): readonly Judged[] {
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

/** Whether the run that made a snapshot met with errors, by what it has counted, in JSON. */
export function isPartial(runStatistics: string | null): boolean {
  return runStatistics !== null && ((JSON.parse(runStatistics) as RunStatistics).errorCount ?? 0) > 0
}

interface KeepingRule {
  readonly reasons: readonly RetentionReason[]
  readonly kept: ReadonlySet<string>
}

/** Nothing when nothing limits what is kept. */
function rulesOf(retention: Retention, keep: (policy: RetentionPolicy) => ReadonlySet<string>): readonly KeepingRule[] {
  const { versions, days } = retention
  const limits: KeepingRule[] = []
  if (versions !== undefined) limits.push({ reasons: ['versions'], kept: keep({ last: versions }) })
  if (days !== undefined) limits.push({ reasons: ['days'], kept: keep({ within: { years: 0, months: 0, days, hours: 0 } }) })
  const [first, second] = limits
  const limit = first && second ? [{ reasons: ['versions', 'days'] as const, kept: first.kept.intersection(second.kept) }] : limits
  const counts = COUNTED.flatMap((unit) => {
    const count = retention[unit]
    return count === undefined ? [] : [{ reasons: [unit], kept: keep({ [unit]: count }) }]
  })
  return [...limit, ...counts]
}

function storedOf(snapshots: readonly JudgedSnapshot[]): StoredSnapshot[] {
  return snapshots.map(({ stored }) => stored)
}
