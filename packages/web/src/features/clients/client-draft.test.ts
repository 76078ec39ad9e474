import type { Client } from '@holdfast/protocol'
import { clientSchema } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import {
  type ClientDraft,
  type ClientEdits,
  changedFields,
  changeOf,
  disputedFields,
  draftOf,
  editsLeft,
  NO_EDITS,
  withEdits,
} from './client-draft.ts'

const CLIENT: Client = clientSchema.parse({
  id: 1,
  name: 'desk',
  ownerId: 2,
  isLocal: false,
  isDisabled: false,
  isEnrolled: true,
  policy: null,
  isTokenRotationWanted: false,
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

function edited(changes: Partial<ClientDraft>): ClientEdits {
  return withEdits(NO_EDITS, changes, CLIENT)
}

function clientWith(settings: Partial<Client['settings']>): Client {
  return { ...CLIENT, settings: { ...CLIENT.settings, ...settings } }
}

describe('the settings of a client', () => {
  test('come back from a form as they were', () => {
    const draft = draftOf(CLIENT)
    expect(draft).toMatchObject({ quotaGibibytes: 3, overdueAfterHours: 36, uploadMegabytes: 1.5, downloadMegabytes: '' })
    expect(changeOf(edited(draft), CLIENT)).toEqual({})
  })

  test('are told the server where they differ, and nothing else', () => {
    expect(changeOf(edited({ name: ' desk 2 ' }), CLIENT)).toEqual({ name: 'desk 2' })
    expect(changeOf(edited({ retention: null, mayRestore: false }), CLIENT)).toEqual({ settings: { retention: null, mayRestore: false } })
    const back = withEdits(edited({ name: 'other' }), { name: 'desk' }, CLIENT)
    expect(changedFields(back, CLIENT)).toEqual([])
    expect(changeOf(back, CLIENT)).toEqual({})
  })

  test('have no bounds where fields are empty, or hold no number yet', () => {
    const { settings } = changeOf(edited({ quotaGibibytes: '', overdueAfterHours: '-', uploadMegabytes: '', blackouts: [] }), CLIENT)
    expect(settings).toEqual({ quotaBytes: null, overdueAfterHours: null, limits: { blackouts: [] } })
  })

  test('are whole bytes', () => {
    const { settings } = changeOf(edited({ quotaGibibytes: '0.1', downloadMegabytes: 0.0333 }), CLIENT)
    expect(settings?.quotaBytes).toBe(107_374_182)
    expect(settings?.limits?.downloadBytesPerSecond).toBe(33_300)
  })

  test('keep what somebody else has changed meanwhile, limit by limit', () => {
    const edits = edited({ ...draftOf(CLIENT), downloadMegabytes: 2 })
    const client = clientWith({ overdueAfterHours: 12, limits: { uploadBytesPerSecond: 9_000_000, blackouts: [] } })
    expect(disputedFields(edits, client)).toEqual([])
    const limits = { uploadBytesPerSecond: 9_000_000, downloadBytesPerSecond: 2_000_000, blackouts: [] }
    expect(changeOf(edits, client)).toEqual({ settings: { limits } })
  })

  test('that were made while others were saved are left, over what is stored then', () => {
    const sent = edited({ overdueAfterHours: 48, mayRestore: false })
    const stored = clientWith({ overdueAfterHours: 48, mayRestore: false })
    expect(editsLeft(sent, { sent, stored })).toEqual(NO_EDITS)
    const typedOn = withEdits(sent, { overdueAfterHours: 49 }, CLIENT)
    const left = editsLeft(typedOn, { sent, stored })
    expect(changedFields(left, stored)).toEqual(['overdueAfterHours'])
    expect(disputedFields(left, stored)).toEqual([])
  })

  test('are disputed where both have changed the same, until both say the same', () => {
    const edits = edited({ overdueAfterHours: 48, mayRestore: false })
    expect(disputedFields(edits, clientWith({ overdueAfterHours: 12 }))).toEqual(['overdueAfterHours'])
    const typedOn = withEdits(edits, { overdueAfterHours: 49 }, clientWith({ overdueAfterHours: 12 }))
    expect(disputedFields(typedOn, clientWith({ overdueAfterHours: 12 }))).toEqual(['overdueAfterHours'])
    expect(disputedFields(edits, clientWith({ overdueAfterHours: 48 }))).toEqual([])
  })
})
