import { expect, test } from 'vitest'
import { isSilent } from './silent-agent.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

test('an agent that was not heard of for minutes, or never, is silent', () => {
  expect(isSilent({ isLocal: false, lastPingAt: null }, NOW)).toBe(true)
  expect(isSilent({ isLocal: false, lastPingAt: '2026-11-21T11:56:00Z' }, NOW)).toBe(true)
  expect(isSilent({ isLocal: false, lastPingAt: '2026-11-21T11:58:30Z' }, NOW)).toBe(false)
  expect(isSilent({ isLocal: true, lastPingAt: null }, NOW)).toBe(false)
})
