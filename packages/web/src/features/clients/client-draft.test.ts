import type { Client } from '@holdfast/protocol'
import { clientSchema } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { changeOf, draftOf, isChanged } from './client-draft.ts'

const CLIENT: Client = clientSchema.parse({
  id: 1,
  name: 'desk',
  ownerId: 2,
  isLocal: false,
  isDisabled: false,
  isEnrolled: true,
  isOverdue: false,
  state: 'ok',
  hostname: 'desk',
  platform: 'linux',
  version: '0.1.0',
  settings: {
    hooks: { pre: [{ line: 'sync', timeoutSeconds: 60 }] },
    retention: { daily: 7 },
    limits: { uploadBytesPerSecond: 1_500_000, blackouts: [{ from: '22:00', to: '06:00', days: [1] }] },
    mayRestore: true,
    quotaBytes: 3 * 1024 ** 3,
    overdueAfterHours: 36,
  },
  createdAt: '2026-01-01T00:00:00Z',
  lastPingAt: null,
  lastBackupAt: null,
  nextRunAt: null,
  lastRun: null,
  trend: [],
})

describe('the settings of a client', () => {
  test('come back from a form as they were', () => {
    const draft = draftOf(CLIENT)
    expect(draft).toMatchObject({ quotaGibibytes: 3, overdueAfterHours: 36, limits: { uploadMegabytes: 1.5, downloadMegabytes: '' } })
    expect(isChanged(draft, CLIENT)).toBe(false)
    expect(changeOf(draft, CLIENT)).toEqual({ name: 'desk', ownerId: 2, settings: CLIENT.settings })
  })

  test('have no bounds where fields are empty, or hold no number yet', () => {
    const draft = { ...draftOf(CLIENT), quotaGibibytes: '', overdueAfterHours: '-' }
    const limits = { uploadMegabytes: '', downloadMegabytes: '', maxDurationMinutes: '', blackouts: [] }
    const { settings } = changeOf({ ...draft, limits }, CLIENT)
    expect(settings).toMatchObject({ quotaBytes: null, overdueAfterHours: null, limits: { blackouts: [] } })
    expect(Object.keys(settings?.limits ?? {})).toEqual(['blackouts'])
  })

  test('are whole bytes', () => {
    const draft = { ...draftOf(CLIENT), quotaGibibytes: '0.1' }
    const { settings } = changeOf({ ...draft, limits: { ...draft.limits, downloadMegabytes: 0.0333 } }, CLIENT)
    expect(settings?.quotaBytes).toBe(107_374_182)
    expect(settings?.limits.downloadBytesPerSecond).toBe(33_300)
  })

  test('differ as soon as something does', () => {
    const draft = draftOf(CLIENT)
    expect(isChanged({ ...draft, name: 'desk 2' }, CLIENT)).toBe(true)
    expect(isChanged({ ...draft, retention: null }, CLIENT)).toBe(true)
    expect(isChanged({ ...draft, limits: { ...draft.limits, blackouts: [] } }, CLIENT)).toBe(true)
  })
})
