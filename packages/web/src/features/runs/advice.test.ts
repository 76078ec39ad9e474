import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { AGENT_ERRORS } from '../../../../agent/src/errors.ts'
import { ENGINE_ERRORS } from '../../../../engine/src/errors.ts'
import { SERVER_ERRORS } from '../../../../server/src/errors.ts'
import { ADVICE_EN } from './advice-en.ts'
import { ADVICE_JA } from './advice-ja.ts'
import { ADVICE_PLACES, isAdvised } from './advice-places.ts'

const PACKAGES = fileURLToPath(new URL('../../../../', import.meta.url))

test('there is advice for every code of the engine, the agent and the server', () => {
  const codes = [ENGINE_ERRORS, AGENT_ERRORS, SERVER_ERRORS].flatMap((table) => Object.keys(table))
  expect(codes.filter((code) => !isAdvised(code))).toEqual([])
})

test('there is advice for the codes that runs are ended with and that are in no table', () => {
  const named = ['server', 'agent'].flatMap((name) => codesIn(join(PACKAGES, name, 'src')))
  expect(named).toContain('run.missed')
  expect(named).toContain('repository.damaged')
  expect([...new Set(named)].filter((code) => !isAdvised(code))).toEqual([])
})

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

/** The values of `code:` in a package's sources that a run may be ended with: those that are no table's keys and no test's. */
function codesIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.includes('.test.'),
  )
  return files.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return [...text.matchAll(/\bcode: (?:[^,;\n]*\? )?'([a-z-]+(?:\.[a-z-]+)?)'/g)].map(([, code = '']) => code)
  })
}
