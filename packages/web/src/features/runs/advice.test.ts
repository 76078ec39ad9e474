import { expect, test } from 'vitest'
import { ADVICE_EN } from './advice-en.ts'
import { ADVICE_JA } from './advice-ja.ts'
import { ADVICE_PLACES, adviceWays, isAdvised } from './advice-places.ts'

test('every advice is two whole texts, in each language its own', () => {
  const codes = ['unknown', ...Object.keys(ADVICE_PLACES)] as (keyof typeof ADVICE_EN)[]
  expect(Object.keys(ADVICE_EN).toSorted()).toEqual(codes.toSorted())
  for (const code of codes) {
    for (const part of ['happened', 'remedy'] as const) {
      expect(ADVICE_EN[code][part]).toMatch(/^[A-Z`].*\.$/)
      expect(ADVICE_JA[code][part]).toMatch(/[\u3040-\u30ff].*。$/)
    }
  }
})

test('names of the language are no codes', () => {
  expect(isAdvised('toString')).toBe(false)
  expect(isAdvised('unknown')).toBe(false)
})

const BACKUP = { kind: 'backup', clientId: 3, planId: 5, repositoryId: 7 } as const

test('a refused command leads to both places where it may stand, and to how the owner of the machine allows it', () => {
  const toCommands = { place: 'commands', to: '/clients/3', search: { tab: 'commands' } }
  expect(adviceWays(BACKUP, 'policy.forbidden')).toEqual([{ place: 'plan', to: '/plans/5' }, toCommands])
  expect(adviceWays(BACKUP, 'run.command')).toEqual([{ place: 'log' }, { place: 'plan', to: '/plans/5' }, toCommands])
  for (const table of [ADVICE_EN, ADVICE_JA]) expect(table['policy.forbidden'].remedy).toContain('HOLDFAST_ALLOW_COMMANDS=true')
})

test('no way leads to what is gone, or to what a run has nothing to do with', () => {
  expect(adviceWays({ ...BACKUP, kind: 'restore', planId: null }, 'policy.forbidden')).toEqual([{ place: 'client', to: '/clients/3' }])
  expect(adviceWays({ ...BACKUP, repositoryId: null }, 'storage.full')).toEqual([{ place: 'log' }])
  expect(adviceWays(BACKUP, 'a code of another version')).toEqual([{ place: 'log' }])
})
