import type { SnapshotEntry } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { commandOf, type PressedKey } from './folder-keys.ts'
import { pagesAround } from './folder-pages.ts'
import { CHOSEN_MAX, chosenCount, chosenPaths, EVERYTHING, isChosen, NOTHING, toggled, withEntries } from './selection.ts'

const PLAIN = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }
const PLACE = { cursor: 50, count: 100, pageRows: 20, isTyping: false }

function press(key: string, changes: Partial<PressedKey> = {}): PressedKey {
  return { ...PLAIN, key, ...changes }
}

function entryOf(name: string): SnapshotEntry {
  return { path: `/f/${name}`, name, kind: 'file', sizeBytes: 1, modifiedAt: null }
}

test.each([
  ['ArrowDown', 51],
  ['ArrowUp', 49],
  ['PageDown', 70],
  ['PageUp', 30],
  ['Home', 0],
  ['End', 99],
])('%s moves', (key, to) => {
  expect(commandOf(press(key), PLACE)).toEqual({ kind: 'move', to, extends: false })
  expect(commandOf(press(key, { shiftKey: true }), PLACE)).toEqual({ kind: 'move', to, extends: true })
})

test('moves stay within the folder, and there are none in an empty one', () => {
  expect(commandOf(press('ArrowDown'), { ...PLACE, cursor: 99 })).toMatchObject({ to: 99 })
  expect(commandOf(press('PageUp'), { ...PLACE, cursor: 3 })).toMatchObject({ to: 0 })
  expect(commandOf(press('ArrowDown'), { ...PLACE, cursor: undefined })).toMatchObject({ to: 0 })
  expect(commandOf(press('End'), { ...PLACE, cursor: undefined, count: 0 })).toBeUndefined()
})

test('keys of a file manager do what they do there, and those of the browser stay with it', () => {
  expect(commandOf(press('Enter'), PLACE)).toEqual({ kind: 'open' })
  expect(commandOf(press('Backspace'), PLACE)).toEqual({ kind: 'up' })
  expect(commandOf(press('ArrowUp', { altKey: true }), PLACE)).toEqual({ kind: 'up' })
  expect(commandOf(press(' '), PLACE)).toEqual({ kind: 'toggle' })
  expect(commandOf(press(' '), { ...PLACE, isTyping: true })).toEqual({ kind: 'letter', letter: ' ' })
  expect(commandOf(press('A', { ctrlKey: true }), PLACE)).toEqual({ kind: 'all' })
  expect(commandOf(press('a', { metaKey: true }), PLACE)).toEqual({ kind: 'all' })
  expect(commandOf(press('Escape'), PLACE)).toEqual({ kind: 'none' })
  expect(commandOf(press('ü'), PLACE)).toEqual({ kind: 'letter', letter: 'ü' })
  expect(commandOf(press('😀'), PLACE)).toEqual({ kind: 'letter', letter: '😀' })
  for (const key of ['Tab', 'F5', 'Shift', 'Process']) expect(commandOf(press(key), PLACE), key).toBeUndefined()
  expect(commandOf(press('r', { ctrlKey: true }), PLACE)).toBeUndefined()
  expect(commandOf(press('ArrowLeft', { altKey: true }), PLACE)).toBeUndefined()
})

test('what is seen is fetched first, then what is around it', () => {
  const options = { count: 100_000, pageSize: 500, ahead: 600 }
  expect(pagesAround({ first: 0, last: 30 }, options)).toEqual([0, 1])
  expect(pagesAround({ first: 50_480, last: 50_510 }, options)).toEqual([100, 101, 99, 102])
  expect(pagesAround({ first: 99_980, last: 99_999 }, options)).toEqual([199, 198])
  expect(pagesAround({ first: 0, last: 30 }, { ...options, count: 7 })).toEqual([0])
  expect(pagesAround({ first: 0, last: 0 }, { ...options, count: 0 })).toEqual([0])
})

test('entries are chosen one by one or all together', () => {
  const [a, b] = [entryOf('a'), entryOf('b')]
  const one = toggled(NOTHING, a)
  expect([isChosen(one, a.path), isChosen(one, b.path), chosenCount(one, 9)]).toEqual([true, false, 1])
  expect(toggled(one, a).chosen.size).toBe(0)
  expect([isChosen(EVERYTHING, b.path), chosenCount(EVERYTHING, 9)]).toEqual([true, 9])
  expect(withEntries(one, [a, b]).chosen.size).toBe(2)
})

test('of everything one entry is taken out where the rest can be chosen, and otherwise everything stays chosen', () => {
  const [a, b, c] = [entryOf('a'), entryOf('b'), entryOf('c')]
  const rest = toggled(EVERYTHING, b, [a, b, c])
  expect([rest.isAll, ...rest.chosen.keys()]).toEqual([false, a.path, c.path])
  expect(chosenPaths(rest, { path: '/f', count: 3 })).toEqual([a.path, c.path])
  expect(toggled(EVERYTHING, a, [a])).toEqual(NOTHING)
  expect(toggled(EVERYTHING, a)).toEqual(EVERYTHING)
  const many = Array.from({ length: CHOSEN_MAX + 2 }, (_, index) => entryOf(String(index)))
  expect(toggled(EVERYTHING, entryOf('7'), many)).toEqual(EVERYTHING)
  expect(chosenCount(toggled(EVERYTHING, entryOf('7'), many.slice(1)), CHOSEN_MAX + 1)).toBe(CHOSEN_MAX)
})

test('a whole folder is downloaded as that folder, and no more is chosen than may be', () => {
  const folder = { path: '/f', count: 2 }
  const one = toggled(NOTHING, entryOf('a'))
  expect(chosenPaths(one, folder)).toEqual(['/f/a'])
  expect(chosenPaths(withEntries(one, [entryOf('b')]), folder)).toEqual(['/f'])
  expect(chosenPaths(EVERYTHING, folder)).toEqual(['/f'])
  const many = withEntries(
    NOTHING,
    Array.from({ length: CHOSEN_MAX + 5 }, (_, index) => entryOf(String(index))),
  )
  expect(many.chosen.size).toBe(CHOSEN_MAX)
  expect(toggled(many, entryOf('one more')).chosen.size).toBe(CHOSEN_MAX)
})
