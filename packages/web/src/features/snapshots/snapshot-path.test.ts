import { expect, test } from 'vitest'
import { archiveLink, fileLink } from './download-links.ts'
import { nameOf, nameWithin, parentOf, readable, startFolder, stepsOf } from './snapshot-path.ts'

test('the steps to a path lead where the server says, whatever the names', () => {
  expect(stepsOf('/')).toEqual([])
  expect(stepsOf('/home/100%25/caf%E9')).toEqual([
    { name: 'home', path: '/home' },
    { name: '100%', path: '/home/100%25' },
    { name: 'caf\ufffd', path: '/home/100%25/caf%E9' },
  ])
  expect(stepsOf('/a%0Ab/<b>')).toEqual([
    { name: 'a\nb', path: '/a%0Ab' },
    { name: '<b>', path: '/a%0Ab/<b>' },
  ])
})

test('parents end at the root', () => {
  expect(parentOf('/a/b%2525/c')).toBe('/a/b%2525')
  expect(parentOf('/a')).toBe('/')
  expect(parentOf('/')).toBe('/')
  expect(nameOf('/a/%F0%9F%98%80.txt')).toBe('😀.txt')
  expect(readable('/plain')).toBe('/plain')
})

test('a snapshot opens where all that was saved lies', () => {
  expect(startFolder(['/home/ann/docs'])).toBe('/home/ann/docs')
  expect(startFolder(['/home/ann/docs', '/home/ann/notes'])).toBe('/home/ann')
  expect(startFolder(['/home/ann', '/etc'])).toBe('/')
  expect(startFolder(['/home/ann', '/home/ann/docs'])).toBe('/home/ann')
  expect(startFolder(['/100%\n'])).toBe('/100%25%0A')
  expect(startFolder(['C:\\Users'])).toBe('/')
  expect(startFolder(['relative', '/a'])).toBe('/')
  expect(startFolder([])).toBe('/')
})

test('links carry paths as the server gave them', () => {
  expect(new URL(fileLink(7, '/a b/100%25&x=1#é'), 'http://x').searchParams.get('path')).toBe('/a b/100%25&x=1#é')
  const archive = archiveLink(7, ['/a', '/b%E9'], 'tar')
  expect(new URL(archive ?? '', 'http://x').searchParams.getAll('path')).toEqual(['/a', '/b%E9'])
  expect(archiveLink(7, [], 'zip')).toBeUndefined()
  expect(
    archiveLink(
      7,
      Array.from({ length: 201 }, (_, index) => `/${index}`),
      'zip',
    ),
  ).toBeUndefined()
  expect(
    archiveLink(
      7,
      Array.from({ length: 60 }, () => `/${'x'.repeat(255)}`),
      'zip',
    ),
  ).toBeUndefined()
})

test('what is typed as a path has a last name to search for', () => {
  expect(['docs/readme', '/home/ann/My file.txt', 'docs/ ', ' a / b/ /'].map(nameWithin)).toEqual(['readme', 'My file.txt', 'docs', 'b'])
  expect(['readme', '*.jpg', '/', ' // '].map(nameWithin)).toEqual([undefined, undefined, undefined, undefined])
})
