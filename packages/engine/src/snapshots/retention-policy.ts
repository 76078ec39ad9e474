import { EngineError } from '../errors.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { Instant } from '../format/timestamp.ts'
import { type Clock, systemClock } from '../host/clock.ts'
import { systemTimeZone, type TimeZone } from '../host/time-zone.ts'
import { before, type CivilTime, civilTime, compareInstants, isoWeek, readZoned, UTC, type ZonedInstant } from './calendar.ts'
import { formatRetentionDuration, isNoDuration, type RetentionDuration } from './retention-duration.ts'
import { formatTagList, hasTags, type TagList } from './tag-list.ts'

/** Keep all that a counted rule finds: restic's `unlimited`. */
export const KEEP_ALL = -1

/**
 * Which snapshots of a group are kept: those that at least one rule keeps. Every rule may be absent. A counted rule keeps the newest
 * snapshot of each of the last n hours, days, weeks (ISO 8601), months or years that have any, read on the calendar of the zone that each
 * snapshot was made in; n is {@link KEEP_ALL} or more, and 0 is the same as no rule. A `within` rule reaches back from the newest snapshot
 * of the group that is not in the future.
 */
export interface RetentionPolicy {
  readonly last?: number
  readonly hourly?: number
  readonly daily?: number
  readonly weekly?: number
  readonly monthly?: number
  readonly yearly?: number
  readonly within?: RetentionDuration
  readonly withinHourly?: RetentionDuration
  readonly withinDaily?: RetentionDuration
  readonly withinWeekly?: RetentionDuration
  readonly withinMonthly?: RetentionDuration
  readonly withinYearly?: RetentionDuration
  /** Keeps what fulfils at least one of the lists. */
  readonly keepTags?: readonly TagList[]
}

/** What is left of the counted rules; rules with nothing left are absent, as in restic's JSON. */
export type RetentionCounters = { readonly [Rule in CountedRule]?: number }

/** Why a snapshot is kept. */
export interface KeepReason<Kept> {
  readonly snapshot: Kept
  /** The rules that keep it, in restic's words: `daily snapshot`, `within 7d`, `oldest monthly snapshot`. */
  readonly matches: readonly string[]
  /** Where the counted rules stand after this snapshot. */
  readonly counters: RetentionCounters
}

/** What a policy makes of one group of snapshots, each list newest first. */
export interface RetentionDecision<Judged> {
  readonly keep: readonly Judged[]
  readonly remove: readonly Judged[]
  /** One for each of `keep`, in the same order. */
  readonly reasons: readonly KeepReason<Judged>[]
}

/** What a policy needs to know of a snapshot. */
export type Datable = Pick<Snapshot, 'time' | 'tags'>

export interface RetentionOptions {
  /** Tells which snapshots lie in the future. */
  readonly clock?: Clock
  /**
   * The zone whose changes of offset count for `within` rules that reach over one, where the newest snapshot was made with the offset of
   * this zone. restic takes that of its process, which is the default.
   */
  readonly timeZone?: TimeZone
}

type CountedRule = 'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'
type WithinRule = 'withinHourly' | 'withinDaily' | 'withinWeekly' | 'withinMonthly' | 'withinYearly'
type BucketOf = (time: CivilTime, position: number) => number

/** One counted rule at work: what it may still keep, and the bucket of the snapshot that it kept last. */
interface CountedState {
  readonly rule: CountedRule
  readonly noun: string
  readonly bucketOf: BucketOf
  remaining: number
  lastBucket: number
}

interface WithinState {
  readonly noun: string
  readonly duration: string
  readonly bucketOf: BucketOf
  readonly cutoff: Instant
  lastBucket: number
}

interface Position {
  readonly moment: ZonedInstant
  readonly civil: CivilTime
  /** From 0 for the newest. */
  readonly index: number
  readonly isOldest: boolean
}

const COUNTED_RULES: readonly {
  readonly rule: CountedRule
  readonly noun: string
  readonly plural: string
  readonly bucketOf: BucketOf
}[] = [
  { rule: 'last', noun: 'last snapshot', plural: 'latest', bucketOf: (_time, index) => index },
  { rule: 'hourly', noun: 'hourly snapshot', plural: 'hourly', bucketOf: hourBucket },
  { rule: 'daily', noun: 'daily snapshot', plural: 'daily', bucketOf: dayBucket },
  { rule: 'weekly', noun: 'weekly snapshot', plural: 'weekly', bucketOf: weekBucket },
  { rule: 'monthly', noun: 'monthly snapshot', plural: 'monthly', bucketOf: monthBucket },
  { rule: 'yearly', noun: 'yearly snapshot', plural: 'yearly', bucketOf: yearBucket },
]

const WITHIN_RULES: readonly { readonly rule: WithinRule; readonly noun: string; readonly bucketOf: BucketOf }[] = [
  { rule: 'withinHourly', noun: 'hourly', bucketOf: hourBucket },
  { rule: 'withinDaily', noun: 'daily', bucketOf: dayBucket },
  { rule: 'withinWeekly', noun: 'weekly', bucketOf: weekBucket },
  { rule: 'withinMonthly', noun: 'monthly', bucketOf: monthBucket },
  { rule: 'withinYearly', noun: 'yearly', bucketOf: yearBucket },
]

/** No bucket has this value: buckets are positions or dates of the years 0 to 9999. */
const NO_BUCKET = -1

/** Go's zero time, the first moment of the year 1. */
const ZERO_TIME: ZonedInstant = { seconds: -62_135_596_800, nanoseconds: 0, zone: UTC }

/**
 * What restic's forget decides about one group of snapshots, in any order; those of the same moment stay in the order given. Where a
 * counted or calendar rule has not found enough, it keeps the oldest snapshot of the group too. A policy without rules keeps nothing:
 * callers ask {@link isEmptyPolicy} first.
 *
 * @throws EngineError `input.invalid` for a count or duration that is negative or no whole number, `data.malformed` for a time that is none
 */
export function applyPolicy<Judged extends Datable>(
  snapshots: readonly Judged[],
  policy: RetentionPolicy,
  options: RetentionOptions = {},
): RetentionDecision<Judged> {
  checkPolicy(policy)
  const timeZone = options.timeZone ?? systemTimeZone
  const dated = snapshots.map((snapshot) => ({ snapshot, moment: readZoned(snapshot.time, timeZone) }))
  dated.sort((left, right) => compareInstants(right.moment, left.moment))
  const moments = dated.map(({ moment }) => moment)
  const judge = new Judge(policy, latestMoment(moments, options.clock ?? systemClock))
  const keep: Judged[] = []
  const remove: Judged[] = []
  const reasons: KeepReason<Judged>[] = []
  for (const [index, { snapshot, moment }] of dated.entries()) {
    const position = { moment, civil: civilTime(moment), index, isOldest: index === dated.length - 1 }
    const matches = judge.matches(snapshot, position)
    if (matches.length === 0) remove.push(snapshot)
    else {
      keep.push(snapshot)
      reasons.push({ snapshot, matches, counters: judge.counters() })
    }
  }
  return { keep, remove, reasons }
}

/** Whether a policy has no rules, so that it would keep nothing. */
export function isEmptyPolicy(policy: RetentionPolicy): boolean {
  const counts = COUNTED_RULES.some(({ rule }) => (policy[rule] ?? 0) !== 0)
  const spans = [policy.within, ...WITHIN_RULES.map(({ rule }) => policy[rule])]
  return !counts && (policy.keepTags ?? []).length === 0 && spans.every((span) => span === undefined || isNoDuration(span))
}

/** A policy in restic's words, such as `keep 7 daily, all yearly snapshots and all snapshots with tags [[a, b]]`. */
export function describePolicy(policy: RetentionPolicy): string {
  const counted = COUNTED_RULES.flatMap(({ rule, plural }) => {
    const count = policy[rule] ?? 0
    return count === 0 ? [] : [`${count === KEEP_ALL ? 'all' : count} ${plural}`]
  })
  const within = WITHIN_RULES.flatMap(({ rule, noun }) => {
    const span = policy[rule]
    return span === undefined || isNoDuration(span) ? [] : [`${noun} snapshots within ${formatRetentionDuration(span)}`]
  })
  const parts = [[...(counted.length > 0 ? [`${counted.join(', ')} snapshots`] : []), ...within].join(', ')]
  const tags = policy.keepTags ?? []
  if (tags.length > 0) parts.push(`all snapshots with tags [${tags.map(formatTagList).join(' ')}]`)
  const span = policy.within
  if (span !== undefined && !isNoDuration(span)) parts.push(`all snapshots within ${formatRetentionDuration(span)} of the newest`)
  const description = parts.filter((part) => part !== '').join(' and ')
  return description === '' ? 'remove' : `keep ${description}`
}

/**
 * The number of a counted rule: `unlimited` or a whole number that is not negative.
 *
 * @throws EngineError `input.invalid`
 */
export function parseKeepCount(text: string): number {
  if (text === 'unlimited') return KEEP_ALL
  const count = /^\+?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count)) {
    throw new EngineError(
      'input.invalid',
      `Cannot read number of snapshots ${JSON.stringify(text.slice(0, 64))}: neither a count nor "unlimited"`,
    )
  }
  return count
}

/** The rules of one policy, going through the snapshots of one group from the newest to the oldest. */
class Judge {
  readonly #keepTags: readonly TagList[]
  readonly #within: { readonly duration: string; readonly cutoff: Instant } | undefined
  readonly #counted: readonly CountedState[]
  readonly #bucketsWithin: readonly WithinState[]

  constructor(policy: RetentionPolicy, latest: ZonedInstant) {
    this.#keepTags = policy.keepTags ?? []
    this.#within = reach(policy.within, latest)
    this.#counted = COUNTED_RULES.map(({ rule, noun, bucketOf }) => ({
      rule,
      noun,
      bucketOf,
      remaining: policy[rule] ?? 0,
      lastBucket: NO_BUCKET,
    }))
    this.#bucketsWithin = WITHIN_RULES.flatMap(({ rule, noun, bucketOf }) => {
      const span = reach(policy[rule], latest)
      return span === undefined ? [] : [{ noun, bucketOf, ...span, lastBucket: NO_BUCKET }]
    })
  }

  /** The rules that keep the next snapshot; none mean that it goes. */
  matches(snapshot: Datable, position: Position): string[] {
    const tagged = this.#keepTags.filter((tags) => hasTags(snapshot.tags, tags)).map((tags) => `has tags ${formatTagList(tags)}`)
    const within = this.#within
    if (within !== undefined && compareInstants(position.moment, within.cutoff) > 0) tagged.push(`within ${within.duration}`)
    return [...tagged, ...this.#countedMatches(position), ...this.#withinMatches(position)]
  }

  counters(): RetentionCounters {
    return Object.fromEntries(this.#counted.filter(({ remaining }) => remaining !== 0).map(({ rule, remaining }) => [rule, remaining]))
  }

  #countedMatches(position: Position): string[] {
    const matches: string[] = []
    for (const state of this.#counted) {
      if (state.remaining === 0) continue
      const prefix = enterBucket(state, position)
      if (prefix === undefined) continue
      if (state.remaining > 0) state.remaining--
      matches.push(`${prefix}${state.noun}`)
    }
    return matches
  }

  #withinMatches(position: Position): string[] {
    const matches: string[] = []
    for (const state of this.#bucketsWithin) {
      if (compareInstants(position.moment, state.cutoff) <= 0) continue
      const prefix = enterBucket(state, position)
      if (prefix !== undefined) matches.push(`${prefix}${state.noun} within ${state.duration}`)
    }
    return matches
  }
}

/** Undefined where the bucket of this snapshot is taken already; else what the reason begins with, and the bucket is taken now. */
function enterBucket(state: CountedState | WithinState, position: Position): 'oldest ' | '' | undefined {
  const bucket = state.bucketOf(position.civil, position.index)
  const isNew = bucket !== state.lastBucket
  if (!isNew && !position.isOldest) return undefined
  state.lastBucket = bucket
  return isNew ? '' : 'oldest '
}

function reach(span: RetentionDuration | undefined, latest: ZonedInstant): { duration: string; cutoff: Instant } | undefined {
  if (span === undefined || isNoDuration(span)) return undefined
  return { duration: formatRetentionDuration(span), cutoff: before(latest, span) }
}

/** The newest moment that is not in the future; Go's zero time where there is none. `moments` are sorted, newest first. */
function latestMoment(moments: readonly ZonedInstant[], clock: Clock): ZonedInstant {
  const nowMs = clock.now()
  const seconds = Math.floor(nowMs / 1000)
  const now = { seconds, nanoseconds: Math.floor((nowMs - seconds * 1000) * 1e6) }
  return moments.find((moment) => compareInstants(moment, now) < 0 && compareInstants(moment, ZERO_TIME) > 0) ?? ZERO_TIME
}

function checkPolicy(policy: RetentionPolicy): void {
  for (const { rule } of COUNTED_RULES) {
    const count = policy[rule] ?? 0
    if (!Number.isSafeInteger(count) || count < KEEP_ALL) throw invalidRule(rule, `${count} is neither a count nor -1 for all`)
  }
  for (const rule of ['within', ...WITHIN_RULES.map((within) => within.rule)] as const) {
    const span = policy[rule]
    const parts = span === undefined ? [] : [span.years, span.months, span.days, span.hours]
    if (parts.some((count) => !Number.isSafeInteger(count) || count < 0))
      throw invalidRule(rule, 'a duration counts with whole numbers from 0')
  }
}

function invalidRule(rule: string, state: string): EngineError {
  return new EngineError('input.invalid', `Cannot apply retention rule ${rule}: ${state}`)
}

function hourBucket(time: CivilTime): number {
  return dayBucket(time) * 100 + Math.floor(time.secondOfDay / 3600)
}

function dayBucket({ year, month, day }: CivilTime): number {
  return year * 10_000 + month * 100 + day
}

function weekBucket(time: CivilTime): number {
  const { year, week } = isoWeek(time)
  return year * 100 + week
}

function monthBucket({ year, month }: CivilTime): number {
  return year * 100 + month
}

function yearBucket({ year }: CivilTime): number {
  return year
}
