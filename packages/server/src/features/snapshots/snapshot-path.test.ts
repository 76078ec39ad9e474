import type { ByteString } from '@holdfast/engine'
import { snapshotPathSchema } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { addressOf, namesOf, pathOfAddress, readableName } from './snapshot-path.ts'

const bytes = (text: string): ByteString => Buffer.from(text, 'utf8').toString('latin1') as ByteString

describe('the address of a path', () => {
  test.each([
    ['/home/ann', '/home/ann'],
    [bytes('/grün/日本'), '/grün/日本'],
    ['/100%', '/100%25'],
    ['/caf\xe9', '/caf%E9'],
    [`/\xe9${bytes('é')}\xe9`, '/%E9é%E9'],
    ['/a\nb\x00\x7f', '/a%0Ab%00%7F'],
    ['/\xed\xa0\x80', '/%ED%A0%80'],
    ['/\xc0\xaf', '/%C0%AF'],
    ['/\xf5\x80\x80\x80', '/%F5%80%80%80'],
  ])('of %j is %j', (path, address) => {
    expect(addressOf(path as ByteString)).toBe(address)
    expect(pathOfAddress(address)).toBe(path)
    expect(snapshotPathSchema.safeParse(address).success).toBe(true)
  })

  test('leads back for every pair of bytes', () => {
    for (let first = 1; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const path = `/${String.fromCharCode(first, second)}x` as ByteString
        if (pathOfAddress(addressOf(path)) !== path) throw new Error(`lost ${JSON.stringify(path)}`)
      }
    }
  })

  test.each(['', 'home', '/100%', '/%2', '/%zz'])('is never %j', (address) => {
    expect(snapshotPathSchema.safeParse(address).success).toBe(false)
  })
})

test('names for people mislead nobody', () => {
  expect(readableName(bytes('invoice\u202efdp.exe'))).toBe('invoice\ufffdfdp.exe')
  expect(readableName('a\nb\xff' as ByteString)).toBe('a\ufffdb\ufffd')
  expect(readableName('x'.repeat(100_000) as ByteString).length).toBe(1000)
})

test('names on the way', () => {
  expect(namesOf('//a/./b/..' as ByteString)).toEqual(['a', 'b', '..'])
})
