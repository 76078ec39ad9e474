import { type Clock, planForget, type RetentionPolicy, type StoredSnapshot } from '@holdfast/engine'
import type { Retention } from '@holdfast/protocol'

/** A snapshot of the register together with what the repository has of it. */
export interface JudgedSnapshot {
  readonly stored: StoredSnapshot
  readonly isPinned: boolean
  /** Whether the run that made it met with errors, so that files may be missing in it. */
  readonly isPartial: boolean
}

const ONE_GROUP = { host: false, paths: false, tags: false }

/**
 * Which snapshots of one source retention does not keep. `versions` and `days` limit together: what is beyond either goes. The counts of
 * hours, days, weeks, months and years each keep something more. Days count back from the newest snapshot, so that a source that is not
 * backed up any more loses nothing. Pinned ones stay, the newest one does, and the newest that is whole.
 */
export function expiredSnapshots<Judged extends JudgedSnapshot>(
  snapshots: readonly Judged[],
  { retention, clock }: { readonly retention: Retention | null; readonly clock: Clock },
): readonly Judged[] {
  const kept = retention === null ? undefined : keptBy(snapshots, { retention, clock })
  if (kept === undefined) return []
  const newest = planForget(storedOf(snapshots), { policy: { last: 1 }, groupBy: ONE_GROUP, clock }).groups[0]?.keep ?? []
  const whole = snapshots.filter(({ isPartial }) => !isPartial)
  const newestWhole = planForget(storedOf(whole), { policy: { last: 1 }, groupBy: ONE_GROUP, clock }).groups[0]?.keep ?? []
  for (const { id } of [...newest, ...newestWhole]) kept.add(id)
  return snapshots.filter(({ stored, isPinned }) => !isPinned && !kept.has(stored.id))
}

/** Undefined when nothing limits what is kept. */
function keptBy(
  snapshots: readonly JudgedSnapshot[],
  { retention, clock }: { readonly retention: Retention; readonly clock: Clock },
): Set<string> | undefined {
  const { versions, days, hourly, daily, weekly, monthly, yearly } = retention
  const keep = (policy: RetentionPolicy): ReadonlySet<string> => {
    const plan = planForget(storedOf(snapshots), { policy, groupBy: ONE_GROUP, clock })
    return new Set(plan.groups.flatMap((group) => group.keep.map(({ id }) => id)))
  }
  const limits: RetentionPolicy[] = []
  if (versions !== undefined) limits.push({ last: versions })
  if (days !== undefined) limits.push({ within: { years: 0, months: 0, days, hours: 0 } })
  const counts = Object.entries({ hourly, daily, weekly, monthly, yearly }).filter(([, count]) => count !== undefined)
  if (limits.length === 0 && counts.length === 0) return undefined
  const limited = limits.map(keep).reduce<ReadonlySet<string> | undefined>((all, one) => all?.intersection(one) ?? one, undefined)
  const counted = counts.length === 0 ? new Set<string>() : keep(Object.fromEntries(counts) as RetentionPolicy)
  return new Set([...(limited ?? []), ...counted])
}

function storedOf(snapshots: readonly JudgedSnapshot[]): StoredSnapshot[] {
  return snapshots.map(({ stored }) => stored)
}
