import type { Calendar, ClientPage, History, Overview } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

/** Things become overdue without anything happening. */
const REFRESH_MS = 60_000
/** What is counted after backups changes little. */
const HISTORY_REFRESH_MS = 600_000
const CALENDAR_DAYS = 30
const HISTORY_DAYS = 90
/** How many clients the first page shows. */
const CLIENTS_SHOWN = 10

/** What needs somebody, and figures. */
export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => api.get<Overview>('/api/v1/overview', { signal }),
  refetchInterval: REFRESH_MS,
})

/** The backups of the last days, where the browser is. Its key is not that of the overview: only runs that end change anything in it. */
export const calendarQuery = queryOptions({
  queryKey: ['overview-calendar'],
  queryFn: ({ signal }) =>
    api.get<Calendar>('/api/v1/overview/calendar', { query: { days: CALENDAR_DAYS, timeZone: timeZoneOfBrowser() }, signal }),
  refetchInterval: REFRESH_MS,
})

/** How the repositories have grown. Its key is not that of the overview: runs that begin and end change nothing in it. */
export const historyQuery = queryOptions({
  queryKey: ['overview-history'],
  queryFn: ({ signal }) => api.get<History>('/api/v1/overview/history', { query: { days: HISTORY_DAYS }, signal }),
  refetchInterval: HISTORY_REFRESH_MS,
})

/** The clients that need somebody most. */
export const neediestClientsQuery = queryOptions({
  queryKey: ['clients', 'neediest'],
  queryFn: ({ signal }) => api.get<ClientPage>('/api/v1/clients', { query: { sort: 'state', limit: CLIENTS_SHOWN }, signal }),
  refetchInterval: REFRESH_MS,
})

function timeZoneOfBrowser(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}
