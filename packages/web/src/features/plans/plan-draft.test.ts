import type { Plan } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { changesOf, draftOf, newDraft, newPlanOf } from './plan-draft.ts'

const PLAN: Plan = {
  ...newPlanOf(newDraft({ name: 'documents', timeZone: 'Asia/Tokyo' })),
  limits: { uploadBytesPerSecond: 1_234_567, blackouts: [{ from: '08:00', to: '18:00', days: [1, 2] }] },
  id: 3,
  clientId: 1,
  clientName: 'alpha',
  repositoryId: 2,
  isClientDisabled: false,
  nextRunAt: null,
  isOverdue: false,
  effectiveRetention: null,
  lastRun: null,
  createdAt: '2026-01-01T00:00:00.000Z',
}

describe('the form of a plan', () => {
  it('changes nothing as long as nothing is changed', () => {
    expect(changesOf(PLAN, draftOf(PLAN))).toEqual({})
  })

  it('tells the server what was changed, each part whole', () => {
    const draft = draftOf(PLAN)
    const schedule = { ...draft.schedule, cron: null }
    expect(changesOf(PLAN, { ...draft, name: 'all', schedule, repositoryId: 5 })).toEqual({ name: 'all', schedule, repositoryId: 5 })
    expect(changesOf(PLAN, { ...draft, limits: { ...draft.limits, maxDurationMinutes: 90 } })).toEqual({
      limits: { ...PLAN.limits, maxDurationMinutes: 90 },
    })
    expect(changesOf(PLAN, { ...draft, retention: {} })).toEqual({ retention: {} })
  })

  it('begins a new plan in the zone of whoever makes it, in the default repository', () => {
    const plan = newPlanOf(newDraft({ name: '', timeZone: 'Asia/Tokyo' }))
    expect(plan).toMatchObject({ schedule: { timeZone: 'Asia/Tokyo' }, isEnabled: true, limits: { blackouts: [] } })
    expect('repositoryId' in plan).toBe(false)
  })
})
