import type { Clock } from '@holdfast/engine'
import type { Calendar, CalendarQuery, ClientState, History, HistoryDay, HistoryQuery, Overview } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import { type UserActor, visibleOwner } from '../../http/actor.ts'
import type { RepositoryHistoryRow } from '../repositories/tables.ts'
import { isTimeZone } from '../scheduling/cron.ts'
import { clientConcerns, inOrder, NEW_MS, repositoryConcerns, statisticsOf } from './attention.ts'
import { lastDays } from './days.ts'
import { dayOf, daysUntilFull } from './growth.ts'
import type { KeptRepository, OverviewStore } from './store.ts'

const DAY_MS = 86_400_000
/** What is listed of all that needs somebody. */
const ATTENTION_MAX = 100
/** As much history is looked at for telling when a repository will be full. */
const TREND_DAYS = 30

export interface OverviewsOptions {
  readonly store: OverviewStore
  readonly clientLists: { countStates(ownerId: number | undefined, now: number): Promise<Readonly<Record<ClientState, number>>> }
  readonly repositories: {
    /** @throws {ServerError} `not-found` */
    byId(id: number): Promise<unknown>
  }
  readonly clock: Clock
}

/** How everything is at a glance: of all for administrators, of what is theirs for the others. */
export class Overviews {
  readonly #options: OverviewsOptions

  constructor(options: OverviewsOptions) {
    this.#options = options
  }

  async get(actor: UserActor): Promise<Overview> {
    const { store, clientLists, clock } = this.#options
    const owner = visibleOwner(actor)
    const now = clock.now()
    const kept = owner === undefined ? await store.repositories() : []
    const history = kept.length === 0 ? [] : await store.history(dayOf(now - TREND_DAYS * DAY_MS))
    const concerns = [...(await clientConcerns(store, { owner, now })), ...repositoryConcerns(kept, { now, history })]
    const states = await clientLists.countStates(owner, now)
    return {
      attention: {
        items: inOrder(concerns.flatMap(({ items }) => items)).slice(0, ATTENTION_MAX),
        total: concerns.reduce((sum, { total }) => sum + total, 0),
      },
      clients: {
        total: Object.values(states).reduce((sum, count) => sum + count, 0),
        ...{ protected: states.ok, failed: states.failed, overdue: states.overdue, never: states.never, disabled: states.disabled },
        new: await store.countNew(owner, { now, since: now - NEW_MS }),
      },
      plans: await store.countPlans(owner),
      data: await this.#data(owner, kept),
    }
  }

  /** The backups of the last days. @throws {ServerError} `request.invalid` for a time zone that nobody knows. */
  async calendar(actor: UserActor, { days: count, timeZone }: CalendarQuery): Promise<Calendar> {
    const { store, clock } = this.#options
    if (!isTimeZone(timeZone))
      throw new ServerError('request.invalid', `Cannot show days: there is no time zone ${JSON.stringify(timeZone)}`)
    const days = lastDays(clock.now(), { count, timeZone })
    const rows = Map.groupBy(await store.calendar(visibleOwner(actor), days), ({ day }) => day)
    return {
      days: days.map(({ day, sinceMs, untilMs }) => {
        const ofDay = rows.get(day) ?? []
        const count = (state: string, isMissed: number): number =>
          ofDay.find((row) => row.state === state && row.is_missed === isMissed)?.count ?? 0
        return {
          day,
          since: new Date(sinceMs).toISOString(),
          until: new Date(untilMs).toISOString(),
          finished: count('finished', 0),
          error: count('error', 0),
          cancelled: count('cancelled', 0),
          missed: count('cancelled', 1),
          addedBytes: ofDay.reduce((sum, { added }) => sum + added, 0),
        }
      }),
    }
  }

  /** How one repository has grown. @throws {ServerError} `not-found` */
  async historyOf(repositoryId: number, { days }: HistoryQuery): Promise<History> {
    const { store, repositories, clock } = this.#options
    await repositories.byId(repositoryId)
    const now = clock.now()
    const rows = await store.history(dayOf(now - (Math.max(days, TREND_DAYS) - 1) * DAY_MS), repositoryId)
    const since = dayOf(now - (days - 1) * DAY_MS)
    return { days: rows.filter(({ day }) => day >= since).map(toDay), daysUntilFull: untilFull(rows, now) }
  }

  /** How all repositories together have grown; empty for users who are no administrators, whose data is only a part of them. */
  async history(actor: UserActor, { days }: HistoryQuery): Promise<History> {
    if (visibleOwner(actor) !== undefined) return { days: [], daysUntilFull: null }
    const { store, clock } = this.#options
    const now = clock.now()
    // Some more than is asked for, so that each repository counts with what it held before.
    const rows = await store.history(dayOf(now - (days + TREND_DAYS) * DAY_MS))
    const fulls = [...Map.groupBy(rows, (row) => row.repository_id).values()].map((own) => untilFull(own, now))
    const known = fulls.filter((left) => left !== null)
    return { days: summed(rows, dayOf(now - (days - 1) * DAY_MS)), daysUntilFull: known.length === 0 ? null : Math.min(...known) }
  }

  async #data(owner: number | undefined, kept: readonly KeptRepository[]): Promise<Overview['data']> {
    const { count, bytes, added } = await this.#options.store.sumSnapshots(owner)
    if (owner !== undefined) {
      const ratios = { deduplicationRatio: null, compressionRatio: null }
      return { snapshots: count, protectedBytes: bytes, storedBytes: added, ...ratios, savedShare: savedShare(bytes, added) }
    }
    const counted = kept.flatMap(({ statistics }) => statisticsOf(statistics) ?? [])
    const sum = (figure: 'restoreBytes' | 'contentBytes' | 'storedBytes'): number => counted.reduce((total, own) => total + own[figure], 0)
    const [restored, content, stored] = [sum('restoreBytes'), sum('contentBytes'), sum('storedBytes')]
    return {
      snapshots: count,
      protectedBytes: restored,
      storedBytes: stored,
      deduplicationRatio: ratio(restored, content),
      compressionRatio: ratio(content, stored),
      savedShare: savedShare(restored, stored),
    }
  }
}

function savedShare(whole: number, stored: number): number | null {
  return whole === 0 || stored === 0 ? null : Math.max(0, 1 - stored / whole)
}

function ratio(part: number, whole: number): number | null {
  return part === 0 || whole === 0 ? null : Number((part / whole).toPrecision(3))
}

function untilFull(rows: readonly RepositoryHistoryRow[], now: number): number | null {
  return daysUntilFull(
    rows.map(({ day, free_bytes }) => ({ day, freeBytes: free_bytes })),
    dayOf(now),
  )
}

/** Adds up what repositories held on each day since `since`; one that was not counted on it, as it was before. */
function summed(rows: readonly RepositoryHistoryRow[], since: string): HistoryDay[] {
  const last = new Map<number, RepositoryHistoryRow>()
  const days: HistoryDay[] = []
  for (const [day, counted] of Map.groupBy(rows, (row) => row.day)) {
    for (const row of counted) last.set(row.repository_id, row)
    if (day < since) continue
    const all = [...last.values()]
    const sum = (figure: 'snapshot_count' | 'stored_bytes' | 'content_bytes' | 'restore_bytes'): number =>
      all.reduce((total, row) => total + row[figure], 0)
    days.push({
      day,
      ...{ snapshotCount: sum('snapshot_count'), storedBytes: sum('stored_bytes') },
      ...{ contentBytes: sum('content_bytes'), restoreBytes: sum('restore_bytes'), freeBytes: null },
    })
  }
  return days
}

function toDay(row: RepositoryHistoryRow): HistoryDay {
  return {
    day: row.day,
    snapshotCount: row.snapshot_count,
    storedBytes: row.stored_bytes,
    contentBytes: row.content_bytes,
    restoreBytes: row.restore_bytes,
    freeBytes: row.free_bytes,
  }
}
