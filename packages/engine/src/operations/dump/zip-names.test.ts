import { expect, test } from 'vitest'
import { type ByteString, byteStringOf } from '../../format/byte-string.ts'
import { ZipNames } from './zip-names.ts'

function namesOf(...paths: readonly string[]): readonly string[] {
  const names = new ZipNames()
  return paths.map((path) => names.nameOf(path as ByteString))
}

test('what is text keeps its name', () => {
  const paths = ['100%.txt', 'a', 'a/ünïcödé', 'a/日本語 😀', 'b', 'b/%FF', 'b/c:d', 'b/\ufffd']
  expect(namesOf(...paths.map(byteStringOf))).toEqual(paths)
})

test('bytes that are no text, backslashes and drives are written in digits', () => {
  expect(namesOf('a\xfe', 'a\xff', 'b\\c', 'd\xc3\xa9\xc3', 'c:drive', 'C:')).toEqual([
    'a%FE',
    'a%FF',
    'b%5Cc',
    'dé%C3',
    'c%3Adrive',
    'C%3A',
  ])
  expect(namesOf('\xed\xa0\x80', '\xc0\xaf', '\xf5\x80')).toEqual(['%ED%A0%80', '%C0%AF', '%F5%80'])
})

test('no two entries of a folder have one name', () => {
  expect(namesOf('a%FF', 'a%FF (2)', 'a\xff', 'b\\', 'b%5C')).toEqual(['a%FF', 'a%FF (2)', 'a%FF (3)', 'b%5C', 'b%5C (2)'])
  expect(namesOf('%FF%FF', '%FF\xff', '\xff%FF', '\xff\xff')).toEqual(['%FF%FF', '%FF%FF (2)', '%FF%FF (3)', '%FF%FF (4)'])
  expect(namesOf('d', 'd/%FF', 'd/\xff', 'e', 'e/\xff', 'f\xff')).toEqual(['d', 'd/%FF', 'd/%FF (2)', 'e', 'e/%FF', 'f%FF'])
})

test('what is in a folder stands below the name that the folder got', () => {
  const paths = ['a%FF', 'a%FF/x', 'a\xff', 'a\xff/x', 'a\xff/y', 'a\xff/y/z', 'b']
  expect(namesOf(...paths)).toEqual(['a%FF', 'a%FF/x', 'a%FF (2)', 'a%FF (2)/x', 'a%FF (2)/y', 'a%FF (2)/y/z', 'b'])
})

test('folders above the first entry need no entry of their own', () => {
  expect(namesOf('r\\/s/a', 'r\\/s/b', 'r\\/t')).toEqual(['r%5C/s/a', 'r%5C/s/b', 'r%5C/t'])
})
