import { expect, test } from 'vitest'
import { editsSince } from './edits-since.ts'

test('what was entered after it was sent is still to be saved', () => {
  const paths = ['/home']
  const sent = { name: 'a', paths }
  expect(editsSince({ name: 'a', paths }, sent)).toEqual({})
  expect(editsSince({ name: 'ab', paths }, sent)).toEqual({ name: 'ab' })
  expect(editsSince({ name: 'a', paths: ['/home', '/etc'] }, sent)).toEqual({ paths: ['/home', '/etc'] })
  expect(editsSince<{ name?: string; tag?: string | undefined }>({ tag: undefined }, { name: 'a' })).toEqual({ tag: undefined })
})
