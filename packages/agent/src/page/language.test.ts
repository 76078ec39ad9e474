import { expect, test } from 'vitest'
import { languageOf } from './language.ts'

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['ja', 'ja'],
  ['ja-JP', 'ja'],
  ['en-GB,en;q=0.9,ja;q=0.8', 'en'],
  ['de-DE,de;q=0.9,ja;q=0.5,en;q=0.3', 'ja'],
  ['en;q=0.2, JA;q=0.7', 'ja'],
  ['fr', 'en'],
  ['ja;q=0', 'en'],
  ['ja;q=nonsense', 'en'],
  ['*', 'en'],
  [',;;=,'.repeat(1000), 'en'],
])('a browser that accepts %j reads %s', (accepted, language) => {
  expect(languageOf(accepted)).toBe(language)
})
