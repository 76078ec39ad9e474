import type { SnapshotChange } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { CHANGE_KINDS, diffRows, grownBytes, kindsOf, toggledKind } from './diff-rows.ts'

function changeOf(path: string, changes: Partial<SnapshotChange> = {}): SnapshotChange {
  const sizes = { sizeBefore: null, sizeAfter: null, modifiedBefore: null, modifiedAfter: null }
  return { path, name: path, change: 'modified', kind: 'file', ...sizes, ...changes }
}

test('changes stand below their folders', () => {
  const changes = ['/a', '/d/x', '/d/y', '/d/z/1', '/e'].map((path) => changeOf(path))
  expect(diffRows(changes).map((row) => (row.kind === 'folder' ? `[${row.path}]` : row.change.path))).toEqual([
    '[/]',
    '/a',
    '[/d]',
    '/d/x',
    '/d/y',
    '[/d/z]',
    '/d/z/1',
    '[/]',
    '/e',
  ])
  expect(diffRows([])).toEqual([])
})

test('growth is known of files alone', () => {
  expect(grownBytes(changeOf('/a', { sizeBefore: 10, sizeAfter: 4 }))).toBe(-6)
  expect(grownBytes(changeOf('/a', { sizeAfter: 4 }))).toBe(4)
  expect(grownBytes(changeOf('/a', { sizeBefore: 4 }))).toBe(-4)
  expect(grownBytes(changeOf('/a'))).toBeUndefined()
  expect(grownBytes(changeOf('/a', { kind: 'dir', sizeBefore: 4 }))).toBeUndefined()
})

test('kinds are asked for by the address, and nonsense asks for the usual ones', () => {
  const usual = ['added', 'removed', 'modified', 'type']
  expect(kindsOf(undefined)).toEqual(usual)
  expect(kindsOf('removed,x,added')).toEqual(['added', 'removed'])
  expect(kindsOf('x')).toEqual(usual)
  expect(toggledKind(kindsOf(undefined), 'metadata')).toBe(CHANGE_KINDS.join(','))
  expect(toggledKind(kindsOf(undefined), 'type')).toBe('added,removed,modified')
  expect(toggledKind(['added'], 'removed')).toBe('added,removed')
  expect(toggledKind(['added'], 'added')).toBeUndefined()
  expect(toggledKind(CHANGE_KINDS, 'metadata')).toBeUndefined()
})
