/** Which plans a list shows. */
export type PlansFilter = 'on' | 'off' | 'overdue'

const PLANS_FILTERS: readonly PlansFilter[] = ['on', 'off', 'overdue']

/** What of all plans is shown, as it stands in the address. */
export interface PlansSearch {
  readonly search: string | undefined
  readonly show: PlansFilter | undefined
}

/** Reads the address. What makes no sense is left out. */
export function readPlansSearch({ search, show }: Readonly<Record<string, string | undefined>>): PlansSearch {
  return {
    search: search === undefined || search.trim() === '' ? undefined : search.slice(0, 200),
    show: PLANS_FILTERS.find((one) => one === show),
  }
}

/** What the server is asked for. */
export function plansCall({ search, show }: PlansSearch): Readonly<Record<string, string | undefined>> {
  return {
    search,
    isEnabled: show === 'on' ? 'true' : show === 'off' ? 'false' : undefined,
    isOverdue: show === 'overdue' ? 'true' : undefined,
  }
}
