import { createHash } from 'node:crypto'
import { namedTimeZone, type TimeZone } from '@holdfast/engine'
import type { Blackout, Schedule } from '@holdfast/protocol'
import { afterBlackouts } from './blackouts.ts'
import { type Cadence, isTimeZone, readCron } from './cron.ts'

/** Of the gap to the next time at most so much is jitter, so that runs never change places. */
const JITTER_SHARE_MAX = 0.5
/** A bound on how many times are looked at for one answer. */
const STEPS_MAX = 5000
const DAY_MS = 86_400_000

export interface TimetableOptions {
  readonly schedule: Schedule
  /** Of the plan and of its client. */
  readonly blackouts: readonly Blackout[]
  /** What the jitter is drawn from: the same for the same plan, different for others. */
  readonly seed: string
}

/** One time at which a plan runs. */
export interface Departure {
  /** What the cron expression says. */
  readonly dueAt: number
  /** When it starts: later by the jitter, and after the blackout. */
  readonly startsAt: number
  /** What the cron expression says next; undefined when this was the last time. */
  readonly followingDueAt: number | undefined
}

/** When a plan runs: pure arithmetic, the same on every server. */
export class Timetable {
  readonly #options: TimetableOptions
  readonly #cadence: Cadence | undefined
  readonly #zone: TimeZone

  constructor(options: TimetableOptions) {
    this.#options = options
    const { cron, timeZone } = options.schedule
    const read = cron === null ? undefined : readCron(cron, timeZone)
    this.#zone = namedTimeZone(isTimeZone(timeZone) ? timeZone : 'UTC')
    this.#cadence = read?.problem === undefined ? read?.cadence : undefined
  }

  /** The first departure that starts after a moment; undefined without a schedule, after its last time, or when blackouts leave none. */
  next(afterMs: number): Departure | undefined {
    return this.upcoming(afterMs, 1)[0]
  }

  /** The next departures, `count` at most. */
  upcoming(afterMs: number, count: number): readonly Departure[] {
    const departures: Departure[] = []
    let startedAt = afterMs
    for (const departure of this.#departures(afterMs - this.#lookBackMs)) {
      if (departure.startsAt <= startedAt) continue
      startedAt = departure.startsAt
      departures.push(departure)
      if (departures.length === count) break
    }
    return departures
  }

  /** Departures in order. Of those that a window moves to one moment not all are given. */
  *#departures(afterMs: number): Generator<Departure> {
    const { schedule } = this.#options
    let dueAt = this.#cadence?.next(afterMs)
    for (let step = 0; dueAt !== undefined && step < STEPS_MAX; step++) {
      const followingDueAt = this.#cadence?.next(dueAt)
      const jittered = dueAt + this.#jitterMs(dueAt, followingDueAt)
      const startsAt = afterBlackouts(jittered, this.#options.blackouts, this.#zone)
      if (startsAt === undefined) return
      yield { dueAt, startsAt, followingDueAt }
      // What is due before this starts no later than `startsAt`.
      const skippedUntil = startsAt - schedule.jitterSeconds * 1000 - 1
      dueAt = skippedUntil > dueAt ? this.#cadence?.next(skippedUntil) : followingDueAt
    }
  }

  /** How long before a moment a time may have been due that starts after it: jitter and a blackout hold it back. */
  get #lookBackMs(): number {
    const { blackouts, schedule } = this.#options
    return schedule.jitterSeconds * 1000 + (blackouts.length === 0 ? 0 : DAY_MS)
  }

  #jitterMs(dueAt: number, followingDueAt: number | undefined): number {
    const wantedMs = this.#options.schedule.jitterSeconds * 1000
    if (wantedMs === 0) return 0
    const gapMs = followingDueAt === undefined ? wantedMs : (followingDueAt - dueAt) * JITTER_SHARE_MAX
    const fraction = createHash('sha256').update(`${this.#options.seed} ${dueAt}`).digest().readUInt32LE() / 2 ** 32
    return Math.floor((fraction * Math.min(wantedMs, gapMs)) / 1000) * 1000
  }
}
