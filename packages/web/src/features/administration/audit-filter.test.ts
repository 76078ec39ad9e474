import { auditQuerySchema } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { actionsByNoun, auditCall, isFiltered } from './audit-filter.ts'

test('filters become what the server takes', () => {
  const search = { action: 'client.created', userId: '2', subject: ' client 3 ', since: '2026-03-01', until: '2026-03-01' }
  const call = auditCall(search)
  expect(auditQuerySchema.safeParse(call).success).toBe(true)
  expect(call).toMatchObject({ action: 'client.created', userId: '2', subject: 'client 3' })
  // A day from its first moment to that of the next, wherever the browser is.
  expect(Date.parse(String(call.until)) - Date.parse(String(call.since))).toBe(24 * 3_600_000)
  expect(auditCall({ action: 'second-factor' })).toEqual({ action: 'second-factor' })
})

test('what makes no sense is left out', () => {
  const odd = { action: '%', userId: '-1', subject: ' ', since: 'yesterday', until: '0001-01-01' }
  expect(auditCall(odd)).toEqual({})
  expect(isFiltered(odd)).toBe(false)
  expect(isFiltered({ since: '2026-01-01' })).toBe(true)
  expect(auditCall({ action: 'constructor' })).toEqual({})
})

test('actions are known by their nouns', () => {
  const nouns = actionsByNoun()
  expect([...nouns.keys()]).toContain('single-sign-on')
  expect(nouns.get('session')).toEqual(['session.all-ended', 'session.begun', 'session.ended'])
})
