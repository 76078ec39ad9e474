/** Which snapshots are listed: texts of the address, as the server takes them. */
export interface SnapshotFilter {
  readonly clientId?: string
  readonly planId?: string
  readonly repositoryId?: string
  readonly tag?: string
  readonly hostname?: string
  /** Times in UTC. */
  readonly from?: string
  readonly until?: string
  readonly isPinned?: string
}

/** What the address says of the list: days as people choose them, in their own time zone. */
export interface SnapshotSearch {
  readonly clientId?: string
  readonly planId?: string
  readonly repositoryId?: string
  readonly tag?: string
  readonly host?: string
  /** The first and the last day, `2026-11-21`. */
  readonly from?: string
  readonly until?: string
  readonly pinned?: string
  /** Ids of up to two snapshots that are to be compared, with a comma between them. */
  readonly compare?: string
}

const ID = /^[1-9]\d{0,9}$/
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/

/** The filter that an address asks for. What is no id and no day is left out. */
export function filterOf(search: SnapshotSearch): SnapshotFilter {
  const from = startOfDay(search.from, 0)
  const until = startOfDay(search.until, 1)
  return {
    ...idOf('clientId', search.clientId),
    ...idOf('planId', search.planId),
    ...idOf('repositoryId', search.repositoryId),
    ...(search.tag === undefined ? {} : { tag: search.tag.slice(0, 200) }),
    ...(search.host === undefined ? {} : { hostname: search.host.slice(0, 255) }),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(search.pinned === 'true' ? { isPinned: 'true' } : {}),
  }
}

/** The snapshots that are chosen to be compared, in the order in which they were. */
export function comparedIds(compare: string | undefined): readonly number[] {
  const ids = (compare ?? '').split(',').filter((text) => ID.test(text))
  return [...new Set(ids.map(Number))].slice(0, 2)
}

/** As if a snapshot's box was clicked: a third one takes the place of the one before it. */
export function toggledComparison(ids: readonly number[], id: number): string | undefined {
  const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids.slice(0, 1), id]
  return next.length === 0 ? undefined : next.join(',')
}

function idOf(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value !== undefined && ID.test(value) ? { [name]: value } : {}
}

/** Midnight at the beginning of a day, or so many days later, in the browser's time zone. */
function startOfDay(day: string | undefined, later: number): string | undefined {
  const [, year, month, date] = DAY.exec(day ?? '') ?? []
  if (year === undefined) return undefined
  const midnight = new Date(Number(year), Number(month) - 1, Number(date) + later)
  return Number.isNaN(midnight.getTime()) ? undefined : midnight.toISOString()
}
