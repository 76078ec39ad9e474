/** How far the reading of all data is: packs are divided into parts by their names, which are read one after the other. */
export interface ReadingRound {
  readonly parts: number
  /** From 1. */
  readonly nextPart: number
  readonly startedAt: number
}

/** What one check reads: the parts from `from` to `to`, and where the round stands after it. */
export interface ReadingShare {
  readonly parts: number
  readonly from: number
  readonly to: number
  readonly after: ReadingRound
}

export interface ReadingOptions {
  readonly now: number
  /** When checks come next, until they are no more. */
  readonly next: (afterMs: number) => number | undefined
  readonly readAllWithinDays: number
}

const DAY_MS = 86_400_000
/** Packs are divided by the first byte of their names. */
const PARTS_MAX = 256
/** A check that starts a little late does not read a part more for that. */
const SLACK_PARTS = 0.1

/**
 * What the check that is due now reads. A round has as many parts as checks come within the days, and a check reads as many as it takes
 * to be where the time says: one as a rule, more after checks that were missed.
 */
export function shareToRead(round: ReadingRound | undefined, options: ReadingOptions): ReadingShare {
  const { now, next, readAllWithinDays } = options
  const withinMs = readAllWithinDays * DAY_MS
  const begun = round ?? { parts: countChecks(options), nextPart: 1, startedAt: now }
  const { parts, nextPart: from, startedAt } = begun
  const untilMs = next(now) ?? now + withinMs
  const target = Math.ceil((parts * (untilMs - startedAt)) / withinMs - SLACK_PARTS)
  const to = Math.min(parts, Math.max(from, target))
  return { parts, from, to, after: to < parts ? { ...begun, nextPart: to + 1 } : freshRound(options, now) }
}

/** The round that begins with the next check. */
export function freshRound(options: ReadingOptions, startedAt: number): ReadingRound {
  return { parts: countChecks(options), nextPart: 1, startedAt: options.next(startedAt) ?? startedAt }
}

/** The packs of a share. */
export function packsOfShare<Pack extends string>(packs: Iterable<Pack>, { parts, from, to }: Omit<ReadingShare, 'after'>): Pack[] {
  return [...packs].filter((id) => {
    const part = (Number.parseInt(id.slice(0, 2), 16) % parts) + 1
    return part >= from && part <= to
  })
}

function countChecks({ now, next, readAllWithinDays }: ReadingOptions): number {
  const until = now + readAllWithinDays * DAY_MS
  let count = 1
  for (let at = next(now); at !== undefined && at < until && count < PARTS_MAX; at = next(at)) count++
  return count
}
