import { expect, test } from 'vitest'
import { actorOf, pathOf, subjectOf } from './audit-fact.ts'

test.each([
  ['server', { kind: 'server' }],
  ['user ann', { kind: 'user', name: 'ann' }],
  ['user server', { kind: 'user', name: 'server' }],
  ['client 3 (mail (old))', { kind: 'client', id: 3, name: 'mail (old)' }],
  ['client 3 (two\nlines)', { kind: 'client', id: 3, name: 'two\nlines' }],
  ['nobody', { kind: 'nobody', claimed: '' }],
  ['nobody (ann)', { kind: 'nobody', claimed: 'ann' }],
])('the actor %j', (actor, expected) => {
  expect(actorOf(actor)).toEqual(expected)
})

test('subjects are a noun with an id, or a noun', () => {
  expect(subjectOf('client 3')).toEqual({ noun: 'client', id: 3 })
  expect(subjectOf('user')).toEqual({ noun: 'user', id: undefined })
  expect(subjectOf('')).toEqual({ noun: '', id: undefined })
})

test('subjects that have a page lead there', () => {
  expect(pathOf(subjectOf('run 7'))).toBe('/runs/7')
  expect(pathOf(subjectOf('repository 1'))).toBe('/repositories/1')
  expect(pathOf(subjectOf('user 1'))).toBeUndefined()
  expect(pathOf(subjectOf('client'))).toBeUndefined()
})
