import { expect, it } from 'vitest'
import type { BlobId } from '../format/ids.ts'
import { BlobIndex } from './blob-index.ts'
import { BlobSet } from './blob-set.ts'

it('holds blobs of its index by a bit each, also those that come later, and others by name', () => {
  const index = BlobIndex.create()
  const ids = Array.from({ length: 100 }, (_, number) => number.toString(16).padStart(64, '0') as BlobId)
  for (const [number, id] of ids.entries()) {
    index.add(number % 2 === 0 ? 'data' : 'tree', id, { pack: 0, offset: number * 50, length: 50, uncompressedLength: 0 })
  }
  const set = new BlobSet(index)
  for (const [number, id] of ids.entries()) if (number % 3 === 0) expect(set.add(number % 2 === 0 ? 'data' : 'tree', id)).toBe(true)
  expect(set.add('data', ids[0] ?? expect.fail())).toBe(false)
  expect(set.size).toBe(34)
  expect([...set].map(({ id }) => id)).toEqual(ids.filter((_, number) => number % 3 === 0))
  expect(set.has('tree', ids[3] ?? expect.fail())).toBe(true)
  expect(set.has('data', ids[3] ?? expect.fail())).toBe(false)

  const foreign = 'f'.repeat(64) as BlobId
  expect([set.add('data', foreign), set.add('data', foreign), set.add('tree', foreign)]).toEqual([true, false, true])
  expect([set.has('data', foreign), set.size, [...set.unknown.tree]]).toEqual([true, 34, [foreign]])

  for (let number = 1000; number < 3000; number++) {
    index.add('data', number.toString(16).padStart(64, '0') as BlobId, { pack: 1, offset: number, length: 1, uncompressedLength: 0 })
  }
  const late = (2999).toString(16).padStart(64, '0') as BlobId
  expect([set.has('data', late), set.add('data', late), set.has('data', late), set.size]).toEqual([false, true, true, 35])
})
