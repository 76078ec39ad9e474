import type { QueryValue } from '../../app/api.ts'
import { auditSentences, type KnownAction } from './audit-sentences.ts'

/** What the audit log is filtered by, as it stands in the address of the page. */
export interface AuditSearch {
  /** `client.created`, or all of a noun: `client`. */
  readonly action?: string | undefined
  readonly userId?: string | undefined
  readonly subject?: string | undefined
  /** Days, as in 2026-01-31: from the first of them to the end of the last. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** What the server is asked for. What makes no sense is left out: people edit addresses. */
export function auditCall({ action, userId, subject, since, until }: AuditSearch): Readonly<Record<string, QueryValue>> {
  return {
    ...(action !== undefined && isAction(action) ? { action } : {}),
    ...(userId !== undefined && /^[1-9]\d{0,8}$/.test(userId) ? { userId } : {}),
    ...(subject === undefined || subject.trim() === '' ? {} : { subject: subject.trim().slice(0, 100) }),
    ...instant('since', startOf(since)),
    ...instant('until', startOf(until, DAY_MS)),
  }
}

/** Whether anything is filtered. */
export function isFiltered(search: AuditSearch): boolean {
  return Object.keys(auditCall(search)).length > 0
}

/** All nouns of actions with their actions, in the order of the alphabet. */
export function actionsByNoun(): ReadonlyMap<string, readonly KnownAction[]> {
  return Map.groupBy(Object.keys(auditSentences.en) as KnownAction[], (action) => nounOf(action))
}

function isAction(text: string): boolean {
  return Object.hasOwn(auditSentences.en, text) || actionsByNoun().has(text)
}

function nounOf(action: string): string {
  return action.slice(0, action.indexOf('.'))
}

/** The first moment of a day in the zone of the browser; undefined for what is none. */
function startOf(day: string | undefined, laterMs = 0): string | undefined {
  if (day === undefined || !DAY.test(day)) return undefined
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const start = new Date(year, month - 1, date + laterMs / DAY_MS)
  return start.getFullYear() >= 1970 ? start.toISOString() : undefined
}

function instant(name: 'since' | 'until', at: string | undefined): Readonly<Record<string, string>> {
  return at === undefined ? {} : { [name]: at }
}
