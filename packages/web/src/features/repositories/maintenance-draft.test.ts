import type { MaintenanceSettings } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { draftOf, settingsOf } from './maintenance-draft.ts'

const SETTINGS: MaintenanceSettings = {
  prune: { schedule: { cron: '0 4 * * 0', timeZone: 'UTC' }, maxUnusedPercent: 5 },
  check: { schedule: { cron: '0 5 * * *', timeZone: 'UTC' }, readAllWithinDays: null },
  lowSpacePercent: 0,
}

test('what is set comes back from the form as it was', () => {
  expect(settingsOf(draftOf(SETTINGS))).toEqual(SETTINGS)
  const reading = { ...SETTINGS, check: { ...SETTINGS.check, readAllWithinDays: 7 } }
  expect(settingsOf(draftOf(reading))).toEqual(reading)
})

test('fields may be empty while somebody types, and are named when they still are', () => {
  const draft = { ...draftOf(SETTINGS), maxUnusedPercent: '', readAllWithinDays: '', lowSpacePercent: '-' }
  expect(settingsOf(draft)).toEqual({ missing: ['prune.maxUnusedPercent', 'lowSpacePercent'] })
  expect(settingsOf({ ...draft, isDataRead: true })).toMatchObject({ missing: expect.arrayContaining(['check.readAllWithinDays']) })
  expect(settingsOf({ ...draft, maxUnusedPercent: '12.5', lowSpacePercent: '3' })).toEqual({
    ...SETTINGS,
    prune: { ...SETTINGS.prune, maxUnusedPercent: 12.5 },
    lowSpacePercent: 3,
  })
})
