import type { Client, ClientState } from '@holdfast/protocol'
import type { QueryValue } from '../../app/api.ts'

/** What the list of clients can be sorted by. */
export type ClientSort = 'name' | 'state' | 'lastBackupAt' | 'added'

/** What the address of the list says: what is shown, and in which order. What is absent is as usual. */
export interface ClientsSearch {
  readonly search?: string
  readonly state?: ClientState
  readonly owner?: number
  readonly sort?: ClientSort
  readonly order?: 'desc'
}

/** The states in the order of how much they need somebody. */
export const CLIENT_STATES: readonly ClientState[] = ['failed', 'overdue', 'never', 'ok', 'disabled']
export const CLIENT_SORTS: readonly ClientSort[] = ['name', 'state', 'lastBackupAt', 'added']

const SEARCH_LENGTH_MAX = 200

/** Takes of an address what fits; the rest is as if it was not there. */
export function readClientsSearch(raw: Readonly<Record<string, unknown>>): ClientsSearch {
  const search = textOf(raw.search)
  const state = CLIENT_STATES.find((one) => one === raw.state)
  const owner = Number(raw.owner)
  const sort = CLIENT_SORTS.find((one) => one === raw.sort)
  return {
    ...(search === '' ? {} : { search }),
    ...(state === undefined ? {} : { state }),
    ...(Number.isInteger(owner) && owner > 0 ? { owner } : {}),
    ...(sort === undefined || sort === 'name' ? {} : { sort }),
    ...(raw.order === 'desc' ? { order: 'desc' } : {}),
  }
}

/** What the server is asked for a list. */
export function clientsCall({ search, state, owner, sort = 'name', order }: ClientsSearch): Record<string, QueryValue> {
  return { search, state, ownerId: owner, sort, order: order ?? 'asc' }
}

/** Whether anything is left out of the list. */
export function isFiltered({ search, state, owner }: ClientsSearch): boolean {
  return search !== undefined || state !== undefined || owner !== undefined
}

/** The machine in a few words: `linux x64 · 0.1.0`; empty while no agent has said anything. */
export function machineOf({ platform, version }: Pick<Client, 'platform' | 'version'>): string {
  return [platform, version].filter((part) => part !== null && part !== '').join(' · ')
}

/** A number in an address was read as one: names may be numbers, too. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, SEARCH_LENGTH_MAX) : ''
}
