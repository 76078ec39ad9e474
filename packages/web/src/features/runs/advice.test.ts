import { expect, test } from 'vitest'
import { ADVICE_EN } from './advice-en.ts'
import { ADVICE_JA } from './advice-ja.ts'
import { ADVICE_PLACES, isAdvised } from './advice-places.ts'

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
