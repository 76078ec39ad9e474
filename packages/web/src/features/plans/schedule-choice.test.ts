import { describe, expect, it } from 'vitest'
import { changedKind, choiceOf, cronOf, INTERVALS_MINUTES, type ScheduleChoice, type ScheduleKind } from './schedule-choice.ts'

const CHOICES: readonly (readonly [string | null, ScheduleChoice])[] = [
  [null, { kind: 'manual' }],
  ['*/15 * * * *', { kind: 'interval', everyMinutes: 15, minute: 0 }],
  ['7 * * * *', { kind: 'interval', everyMinutes: 60, minute: 7 }],
  ['0 */6 * * *', { kind: 'interval', everyMinutes: 360, minute: 0 }],
  ['30 2 * * *', { kind: 'daily', hour: 2, minute: 30 }],
  ['0 22 * * 1,2,3,4,5', { kind: 'weekly', days: [1, 2, 3, 4, 5], hour: 22, minute: 0 }],
  ['0 22 * * 6,0', { kind: 'weekly', days: [6, 0], hour: 22, minute: 0 }],
  ['5 4 1 * *', { kind: 'monthly', day: 1, hour: 4, minute: 5 }],
  ['5 4 L * *', { kind: 'monthly', day: 'last', hour: 4, minute: 5 }],
  ['0 3 */2 * *', { kind: 'cron', cron: '0 3 */2 * *' }],
]

describe('choices of a schedule', () => {
  it.each(CHOICES)('%s is one, and back again', (cron, choice) => {
    expect(choiceOf(cron)).toEqual(choice)
    expect(cronOf(choice)).toBe(cron)
  })

  it.each<[string, ScheduleChoice]>([
    ['@daily', { kind: 'daily', hour: 0, minute: 0 }],
    ['@Weekly', { kind: 'weekly', days: [0], hour: 0, minute: 0 }],
    ['  00  02 * *  MON-fri ', { kind: 'weekly', days: [1, 2, 3, 4, 5], hour: 2, minute: 0 }],
    ['0 2 * * 7,1,1', { kind: 'weekly', days: [1, 0], hour: 2, minute: 0 }],
    ['0 2 * * 5-7', { kind: 'weekly', days: [5, 6, 0], hour: 2, minute: 0 }],
    ['0 0/4 * * *', { kind: 'interval', everyMinutes: 240, minute: 0 }],
  ])('%s is written otherwise and means the same', (cron, choice) => {
    expect(choiceOf(cron)).toEqual(choice)
    expect(choiceOf(cronOf(choice))).toEqual(choice)
  })

  it.each([
    '60 2 * * *',
    '0 24 * * *',
    '0 2 32 * *',
    '0 2 1 6 *',
    '0 2 1 * 1',
    '0 2 * * 5-1',
    '0 2 * * 1#2',
    '0 2 * * 8',
    '0 2,14 * * *',
    '*/7 * * * *',
    '*/15 2 * * *',
    '0 0 2 * * *',
    '0 2 * *',
    'often',
    '',
  ])('%j is none of them', (cron) => {
    expect(choiceOf(cron)).toEqual({ kind: 'cron', cron })
    expect(cronOf(choiceOf(cron))).toBe(cron)
  })

  it('keep the time of day when their kind changes', () => {
    const weekly = changedKind({ kind: 'daily', hour: 21, minute: 5 }, 'weekly')
    expect(weekly).toMatchObject({ kind: 'weekly', hour: 21, minute: 5 })
    expect(changedKind(weekly, 'monthly')).toEqual({ kind: 'monthly', day: 1, hour: 21, minute: 5 })
    expect(changedKind(weekly, 'cron')).toEqual({ kind: 'cron', cron: '5 21 * * 1,2,3,4,5' })
    const kinds: readonly ScheduleKind[] = ['manual', 'interval', 'daily', 'weekly', 'monthly', 'cron']
    for (const [, choice] of CHOICES) for (const kind of kinds) expect(changedKind(choice, kind).kind).toBe(kind)
  })

  it('offer only intervals that come back from cron', () => {
    for (const everyMinutes of INTERVALS_MINUTES) {
      const choice: ScheduleChoice = { kind: 'interval', everyMinutes, minute: 0 }
      expect(choiceOf(cronOf(choice))).toEqual(choice)
    }
  })
})
