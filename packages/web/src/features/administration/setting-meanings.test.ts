import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { JAPANESE_MEANINGS, SETTING_GROUPS } from './setting-meanings.ts'

/** The names in the table that documents the settings, which the server's own test holds against the server. */
function settingNames(): readonly string[] {
  const page = readFileSync(fileURLToPath(new URL('../../../../../docs/reference/settings.md', import.meta.url)), 'utf8')
  return [...page.matchAll(/^\| `(\w+)` \|/gm)].flatMap(([, name]) => (name === undefined ? [] : [name])).toSorted()
}

test('every setting of the server has a group and a Japanese meaning, and no other has', () => {
  const names = settingNames()
  expect(names.length).toBeGreaterThan(20)
  expect(Object.keys(JAPANESE_MEANINGS).toSorted()).toEqual(names)
  expect(Object.values(SETTING_GROUPS).flat().toSorted()).toEqual(names)
})
