import type { Run, RunKind, RunState } from '@holdfast/protocol'

export const RUN_STATES: readonly RunState[] = ['running', 'pending', 'finished', 'error', 'cancelled']
export const RUN_KINDS: readonly RunKind[] = ['backup', 'restore', 'maintenance', 'check']

/** Which runs a list shows; days are those of the user, `until` is the last of them. */
export interface RunFilters {
  readonly state: readonly RunState[]
  readonly kind: readonly RunKind[]
  readonly clientId: number | undefined
  readonly planId: number | undefined
  readonly repositoryId: number | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

type Search = Readonly<Record<string, string | undefined>>

/** Reads the filters from the address. What makes no sense is left out. */
export function filtersOf(search: Search): RunFilters {
  return {
    state: listOf(search.state, RUN_STATES),
    kind: listOf(search.kind, RUN_KINDS),
    clientId: idOf(search.clientId),
    planId: idOf(search.planId),
    repositoryId: idOf(search.repositoryId),
    since: dayOf(search.since),
    until: dayOf(search.until),
  }
}

/** The filters as they stand in the address. */
export function searchOf(filters: RunFilters): Record<string, string | undefined> {
  const { state, kind, clientId, planId, repositoryId, since, until } = filters
  return {
    state: state.length === 0 ? undefined : state.join(','),
    kind: kind.length === 0 ? undefined : kind.join(','),
    clientId: clientId?.toString(),
    planId: planId?.toString(),
    repositoryId: repositoryId?.toString(),
    since,
    until,
  }
}

/** The filters as the server takes them. */
export function queryOf(filters: RunFilters): Record<string, string | undefined> {
  const { since, until } = filters
  return {
    ...searchOf(filters),
    since: since === undefined ? undefined : startOfDay(since, 0).toISOString(),
    until: until === undefined ? undefined : startOfDay(until, 1).toISOString(),
  }
}

/** Whether any filter is set. */
export function isFiltered(filters: RunFilters): boolean {
  return Object.values(searchOf(filters)).some((value) => value !== undefined)
}

/** Whether a run belongs into the list of these filters. */
export function fits(run: Run, filters: RunFilters): boolean {
  const { state, kind, clientId, planId, repositoryId, since, until } = filters
  const createdMs = Date.parse(run.createdAt)
  return (
    (state.length === 0 || state.includes(run.state)) &&
    (kind.length === 0 || kind.includes(run.kind)) &&
    (clientId === undefined || run.clientId === clientId) &&
    (planId === undefined || run.planId === planId) &&
    (repositoryId === undefined || run.repositoryId === repositoryId) &&
    (since === undefined || createdMs >= startOfDay(since, 0).getTime()) &&
    (until === undefined || createdMs < startOfDay(until, 1).getTime())
  )
}

function startOfDay(day: string, daysLater: number): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + daysLater)
}

function listOf<Value extends string>(text: string | undefined, known: readonly Value[]): readonly Value[] {
  const wanted = new Set(text?.split(','))
  return known.filter((value) => wanted.has(value))
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

function dayOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^[12]\d{3}-\d{2}-\d{2}$/.test(text)) return undefined
  return Number.isNaN(Date.parse(text)) ? undefined : text
}
