import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobId } from '../src/format/ids.ts'
import type { Snapshot, StoredSnapshot } from '../src/format/snapshot.ts'
import { type Instant, parseTimestamp, type Timestamp } from '../src/format/timestamp.ts'
import { namedTimeZone } from '../src/host/time-zone.ts'
import { before } from '../src/snapshots/calendar.ts'
import { formatGroupBy, GROUP_BY_HOST_AND_PATHS, type GroupBy, groupSnapshots } from '../src/snapshots/grouping.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { formatRetentionDuration, isNoDuration, type RetentionDuration } from '../src/snapshots/retention-duration.ts'
import { applyPolicy, isEmptyPolicy, KEEP_ALL, type RetentionDecision, type RetentionPolicy } from '../src/snapshots/retention-policy.ts'
import { saveSnapshot } from '../src/snapshots/save-snapshot.ts'
import { filterSnapshots, type SnapshotFilter } from '../src/snapshots/selection.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { type ResticBinary, resticBinaries } from '../src/testing/restic.ts'
import { SAMPLE_PASSWORD, sampleRepository } from '../src/testing/sample-snapshots.ts'

/** Every run decides on other sets; the seed that a failure prints brings them back. */
const SEED = Number(process.env.HOLDFAST_TEST_SEED ?? Date.now() % 2 ** 31)
const HOSTS = 24
const ROUNDS = 60
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'] as const

const folder = mkdtempSync(join(tmpdir(), 'holdfast-forget-'))
let snapshots: readonly StoredSnapshot[] = []

type SetMember = Pick<Snapshot, 'time' | 'paths' | 'tags'>

/** One call of forget: what is asked for. */
interface Round {
  readonly policy: RetentionPolicy
  readonly groupBy: GroupBy
  readonly filter: SnapshotFilter
  readonly timeZone: (typeof ZONES)[number]
}

/** The decision on one group in a form that both sides can be brought to; snapshots of one moment are the same in it. */
interface Decision {
  readonly group: { readonly host: string; readonly paths: readonly string[] | null; readonly tags: readonly string[] | null }
  readonly keep: readonly string[]
  readonly remove: readonly string[]
  readonly reasons: readonly { readonly matches: readonly string[]; readonly counters?: object }[]
}

const PLAIN_ROUND: Round = { policy: {}, groupBy: GROUP_BY_HOST_AND_PATHS, filter: {}, timeZone: 'UTC' }

interface ForgottenGroup {
  readonly tags: readonly string[] | null
  readonly host: string
  readonly paths: readonly string[] | null
  readonly keep: readonly Snapshot[] | null
  readonly remove: readonly Snapshot[] | null
  readonly reasons: readonly { readonly matches: readonly string[]; readonly counters?: object }[] | null
}

beforeAll(async () => {
  const storage = await openStorage(folder)
  const repository = await sampleRepository({ storage })
  const [random = []] = fc.sample(fc.array(snapshotSet(), { minLength: HOSTS, maxLength: HOSTS }), { seed: SEED, numRuns: 1 })
  const sets = [
    ...random,
    ...ZONES.flatMap((zone, index) => ['2021-07-15T12', '2024-02-29T02'].map((hour) => edgeSet(zone, `${hour}:${10 + index}:00Z`))),
  ]
  // restic gives snapshots of one moment in any order, so only copies may have the same.
  const taken = new Set<string>()
  for (const [host, set] of sets.entries()) {
    for (const [index, fields] of set.entries()) {
      const { seconds, nanoseconds } = parseTimestamp(fields.time)
      if (taken.has(`${seconds}.${nanoseconds}`)) continue
      taken.add(`${seconds}.${nanoseconds}`)
      const snapshot = { tree: '0'.repeat(64) as BlobId, hostname: `host-${host}`, ...fields }
      for (let copy = index % 8 === 0 ? 2 : 1; copy > 0; copy--) await saveSnapshot(repository, snapshot)
    }
  }
  snapshots = await loadSnapshots(repository)
  await storage.close()
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe.each(resticBinaries())('forget of restic $version', (restic) => {
  it(`decides on random groups as we do (seed ${SEED})`, async () => {
    const rounds = [...fc.sample(anyRound(restic), { seed: SEED, numRuns: ROUNDS }), ...EDGE_ROUNDS]
    let groups = 0
    for (const [index, round] of rounds.entries()) {
      const context = `seed ${SEED}, round ${index}: ${JSON.stringify(round)}`
      const ours = ourDecisions(round, restic)
      const { stdout, stderr } = await forget(restic, round)
      if (keepsNothingOfAGroup(ours, round) && !isOld(restic)) {
        expect(stderr, context).toMatch(/refusing to delete last snapshot of snapshot group/)
        continue
      }
      expect(stderr, context).toBe('')
      const theirs = ours.length === 0 && stdout === '' ? [] : theirDecisions(JSON.parse(stdout))
      expect(theirs, context).toEqual(ours)
      groups += ours.length
    }
    expect(groups).toBeGreaterThan(1000)
  })

  it('does nothing where no policy is given', async () => {
    const { stdout, stderr } = await forget(restic, {
      ...PLAIN_ROUND,
      policy: { last: 0, within: { years: 0, months: 0, days: 0, hours: 0 } },
    })
    expect(stdout.trim()).toBe('')
    if (!isOld(restic)) expect(stderr).toContain('no policy was specified')
  })

  it('does not leave a group without snapshots where we would not', async () => {
    const round = { ...PLAIN_ROUND, policy: { keepTags: [['none']] } }
    expect(ourDecisions(round, restic).every(({ keep }) => keep.length === 0)).toBe(true)
    const { stdout, stderr } = await forget(restic, round)
    if (isOld(restic)) expect(theirDecisions(JSON.parse(stdout))).toEqual(ourDecisions(round, restic))
    else expect(stderr).toContain('refusing to delete last snapshot of snapshot group')
  })
})

/** Versions before 0.16 do not keep the oldest snapshot in addition and know no `unlimited`. */
function isOld({ version }: ResticBinary): boolean {
  return Number(version.split('.')[1]) < 16
}

function ourDecisions({ policy, groupBy, filter, timeZone }: Round, restic: ResticBinary): Decision[] {
  const zone = namedTimeZone(timeZone)
  return groupSnapshots(filterSnapshots(snapshots, filter), groupBy)
    .map(({ key, snapshots: members }): Decision => {
      const decided = applyPolicy(members, policy, { timeZone: zone })
      const { keep, remove, reasons } = isOld(restic) ? withoutOldest(decided) : decided
      const { hostname: host, paths, tags } = key
      // Versions from 0.17 on leave the counters out of their JSON.
      const told = reasons.map(({ matches, counters }) => (isOld(restic) ? { matches, counters } : { matches }))
      return { group: { host, paths, tags }, keep: keep.map(line), remove: remove.map(line), reasons: told }
    })
    .sort(byGroup)
}

/** The same decision without the rule that old versions lack; it concerns the last snapshot alone. */
function withoutOldest<T>({ keep, remove, reasons }: RetentionDecision<T>): RetentionDecision<T> {
  const last = reasons.at(-1)
  const matches = last?.matches.filter((match) => !match.startsWith('oldest ')) ?? []
  if (last === undefined || matches.length === last.matches.length) return { keep, remove, reasons }
  const others = reasons.slice(0, -1)
  if (matches.length === 0) return { keep: keep.slice(0, -1), remove: [...remove, last.snapshot], reasons: others }
  const counters = Object.entries(last.counters)
  for (const match of last.matches) {
    const rule = /^oldest (\w+) snapshot$/.exec(match)?.[1]
    if (rule !== undefined) counters.push([rule, (last.counters[rule as keyof typeof last.counters] ?? 0) + 1])
  }
  return { keep, remove, reasons: [...others, { snapshot: last.snapshot, matches, counters: Object.fromEntries(counters) }] }
}

function theirDecisions(groups: readonly ForgottenGroup[]): Decision[] {
  return groups
    .map(
      ({ host, paths, tags, keep, remove, reasons }): Decision => ({
        group: { host, paths, tags },
        keep: (keep ?? []).map(line),
        remove: (remove ?? []).map(line),
        reasons: (reasons ?? []).map(({ matches, counters }) => (counters === undefined ? { matches } : { matches, counters })),
      }),
    )
    .sort(byGroup)
}

function line({ time, hostname = '', tags, paths }: Snapshot): string {
  return `${time} ${hostname} ${[...(tags ?? [])].sort()} ${[...paths].sort()}`
}

function byGroup(left: Decision, right: Decision): number {
  return JSON.stringify(left.group) < JSON.stringify(right.group) ? -1 : 1
}

function keepsNothingOfAGroup(decisions: readonly Decision[], { policy }: Round): boolean {
  return !isEmptyPolicy(policy) && decisions.some(({ keep }) => keep.length === 0)
}

function forget(restic: ResticBinary, { policy, groupBy, filter, timeZone }: Round): Promise<{ stdout: string; stderr: string }> {
  const args = ['forget', '--dry-run', '--json', '--no-lock', '--no-cache', '--group-by', formatGroupBy(groupBy)]
  for (const [rule, flag] of Object.entries(COUNT_FLAGS)) {
    const count = policy[rule as keyof typeof COUNT_FLAGS]
    if (count !== undefined) args.push(flag, count === KEEP_ALL ? 'unlimited' : String(count))
  }
  for (const [rule, flag] of Object.entries(WITHIN_FLAGS)) {
    const span = policy[rule as keyof typeof WITHIN_FLAGS]
    if (span !== undefined) args.push(flag, isNoDuration(span) ? '0h' : formatRetentionDuration(span))
  }
  for (const tags of policy.keepTags ?? []) args.push('--keep-tag', tags.join(','))
  for (const host of filter.hosts ?? []) args.push('--host', host)
  for (const tags of filter.tags ?? []) args.push('--tag', tags.join(','))
  for (const path of filter.paths ?? []) args.push('--path', path)
  const env = { PATH: process.env.PATH, HOME: folder, RESTIC_REPOSITORY: folder, RESTIC_PASSWORD: SAMPLE_PASSWORD, TZ: timeZone }
  return new Promise((resolve) => {
    execFile(restic.path, args, { env, maxBuffer: 2 ** 28 }, (_error, stdout, stderr) => resolve({ stdout, stderr }))
  })
}

const COUNT_FLAGS = {
  last: '--keep-last',
  hourly: '--keep-hourly',
  daily: '--keep-daily',
  weekly: '--keep-weekly',
  monthly: '--keep-monthly',
  yearly: '--keep-yearly',
} as const

const WITHIN_FLAGS = {
  within: '--keep-within',
  withinHourly: '--keep-within-hourly',
  withinDaily: '--keep-within-daily',
  withinWeekly: '--keep-within-weekly',
  withinMonthly: '--keep-within-monthly',
  withinYearly: '--keep-within-yearly',
} as const

/** The durations that rounds choose from. */
const SPANS: readonly RetentionDuration[] = fc
  .sample(
    fc.uniqueArray(
      fc.record({
        years: fc.constantFrom(0, 0, 0, 1, 2, 9999),
        months: fc.constantFrom(0, 0, 1, 3, 5, 13),
        days: fc.constantFrom(0, 1, 7, 31, 400),
        hours: fc.constantFrom(1, 0, 25),
      }),
      { minLength: 16, maxLength: 16, selector: formatRetentionDuration },
    ),
    { seed: SEED, numRuns: 1 },
  )
  .flat()

/** Rounds in which nothing but the age of snapshots counts. No duration at all would be no policy, which forget refuses. */
const EDGE_ROUNDS: readonly Round[] = ZONES.flatMap((timeZone) =>
  SPANS.filter((span) => !isNoDuration(span))
    .slice(0, 8)
    .flatMap((span) => [{ within: span }, { withinHourly: span, last: 1 }].map((policy) => ({ ...PLAIN_ROUND, policy, timeZone }))),
)

/** Snapshots of one host: minutes to years apart, in many zones, a few at midnight, a few in the future. */
function snapshotSet(): fc.Arbitrary<SetMember[]> {
  const hours = (count: number): number => count * 3600
  const start = fc.integer({ min: secondsOf('1999-12-20T00:00:00Z'), max: secondsOf('2024-12-31T00:00:00Z') })
  const step = fc.constantFrom(hours(0.2), hours(1), hours(7), hours(24), hours(24 * 6), hours(24 * 25), hours(24 * 200))
  return fc.tuple(start, step).chain(([startSeconds, stepSeconds]) => {
    const seconds = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.nat({ max: Math.min(stepSeconds * 25, startSeconds - 315_532_800) }).map((offset) => startSeconds - offset),
      },
      { weight: 2, arbitrary: fc.nat({ max: 3 }).map((day) => (Math.floor(startSeconds / 86_400) - day) * 86_400) },
      { weight: 1, arbitrary: fc.nat({ max: hours(24 * 900) }).map((offset) => secondsOf('2190-01-01T00:00:00Z') + offset) },
    )
    const nanoseconds = fc.constantFrom(0, 500_000_000, 1, 999_999_999, 123_456_789)
    const offsetMinutes = fc.constantFrom(0, 0, 60, 120, -300, -240, 345, 630, 660, -720, 840, 1439, -1439)
    const time = fc
      .record({ seconds, nanoseconds, offsetMinutes })
      .map(({ offsetMinutes, ...instant }) => timestamp(instant, offsetMinutes))
    const paths = fc.constantFrom(['/home'], ['/home', '/etc'], ['/etc', '/home'])
    const tags = fc.constantFrom([], [], ['daily'], ['b', 'a'], ['a', 'b'], ['a'])
    return fc.array(fc.record({ time, paths, tags }), { minLength: 1, maxLength: 28, size: 'max' })
  })
}

/**
 * Snapshots as far back from a newest one as each of the durations, to the nanosecond, with and without regard to the zone's changes of
 * offset.
 */
function edgeSet(zoneName: string, newestText: string): SetMember[] {
  const zone = namedTimeZone(zoneName)
  const newest = { seconds: secondsOf(newestText), nanoseconds: 5 }
  const offsetSeconds = zone.offsetSecondsAt(newest.seconds)
  const edges = [zone, { offsetSecondsAt: () => offsetSeconds }].flatMap((counted) =>
    SPANS.map((span) => before({ ...newest, zone: counted }, span)),
  )
  const around = edges
    .filter(({ seconds }) => seconds > 0)
    .flatMap(({ seconds, nanoseconds }, index) =>
      (index % 2 === 0 ? [-1, 0, 1] : [-1, 0]).map((difference) => ({ seconds, nanoseconds: nanoseconds + difference })),
    )
  return [newest, ...around].map((instant) => ({ time: timestamp(instant, offsetSeconds / 60), paths: ['/home'], tags: [] }))
}

/** Writes a time as Go does, without zeros at the end of the decimals. */
function timestamp({ seconds, nanoseconds }: Instant, offsetMinutes: number): Timestamp {
  const clock = new Date((seconds + offsetMinutes * 60) * 1000).toISOString().slice(0, 19)
  const decimals = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
  if (offsetMinutes === 0) return `${clock}${decimals}Z` as Timestamp
  const minutes = Math.abs(offsetMinutes)
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'))
  return `${clock}${decimals}${offsetMinutes < 0 ? '-' : '+'}${hour}:${minute}` as Timestamp
}

function secondsOf(text: string): number {
  return Date.parse(text) / 1000
}

function anyRound(restic: ResticBinary): fc.Arbitrary<Round> {
  const count = fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 8 }) }, { weight: isOld(restic) ? 0 : 1, arbitrary: fc.constant(KEEP_ALL) })
  const span = fc.constantFrom(...SPANS)
  const tags = fc.constantFrom(['a'], ['a', 'b'], ['daily'], [''], ['', 'a'], ['none'])
  const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 1 })
  const rules = {
    ...{ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count, within: span },
    ...{ withinHourly: span, withinDaily: span, withinWeekly: span, withinMonthly: span, withinYearly: span },
    keepTags: fc.array(tags, { minLength: 1, maxLength: 3 }),
  }
  const someRules = fc.subarray(Object.keys(rules) as (keyof typeof rules)[], { minLength: 1, maxLength: 4 })
  const policy = fc.tuple(someRules, fc.record(rules)).map(([names, values]): RetentionPolicy => {
    const chosen = Object.fromEntries(names.map((name) => [name, values[name]]))
    return isEmptyPolicy(chosen) ? { ...chosen, last: 1 } : chosen
  })
  return fc.record({
    policy,
    groupBy: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ host: true, paths: true, tags: false }) },
      { weight: 2, arbitrary: fc.record({ host: fc.constant(true), paths: fc.boolean(), tags: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ host: fc.constant(false), paths: fc.boolean(), tags: fc.boolean() }) },
    ),
    filter: fc
      .record({
        hosts: optional(
          fc.subarray(
            Array.from({ length: HOSTS + 2 * ZONES.length }, (_, index) => `host-${index}`),
            { minLength: 8, maxLength: HOSTS },
          ),
        ),
        tags: optional(fc.array(tags, { minLength: 1, maxLength: 2 })),
        paths: optional(fc.constantFrom(['/etc'], ['/home', '/etc'])),
      })
      .map((filter): SnapshotFilter => JSON.parse(JSON.stringify(filter))),
    timeZone: fc.constantFrom(...ZONES),
  })
}
