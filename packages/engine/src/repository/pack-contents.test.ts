import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobId } from '../format/ids.ts'
import { BlobIndex } from './blob-index.ts'
import { PackContents } from './pack-contents.ts'

describe('PackContents', () => {
  it('gives every entry of the index once, at its pack, by offset', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ pack: fc.nat(6), offset: fc.nat(999) }), { maxLength: 200 }), (places) => {
        const index = BlobIndex.create()
        places.forEach(({ pack, offset }, number) => {
          index.add('data', idOf(number), { pack, offset, length: 40, uncompressedLength: 0 })
        })
        const contents = PackContents.of(index, 7)
        const attached = PackContents.attach(contents.handle)
        expect(attached.packCount).toBe(7)
        for (let pack = 0; pack < 7; pack++) {
          const offsets = Array.from(attached.entriesOf(pack), (entry) => index.locationAt(entry).offset)
          const expected = places.filter((place) => place.pack === pack).map(({ offset }) => offset)
          expect(offsets).toEqual(expected.sort((a, b) => a - b))
          expect(contents.sizeOf(pack, index)).toBe(36 + expected.length * (40 + 37))
        }
      }),
    )
  })

  it('finds the first entry of a blob that several packs have', () => {
    const index = BlobIndex.create()
    for (const pack of [0, 1, 2]) {
      for (let number = 0; number < 3000; number++)
        index.add('tree', idOf(number), { pack, offset: number * 50, length: 50, uncompressedLength: 9 })
    }
    for (const entry of [0, 2999, 3000, 3001, 8999]) expect(index.firstEntryOf(entry)).toBe(entry % 3000)
  })
})

function idOf(number: number): BlobId {
  return number.toString(16).padStart(8, '0').repeat(8) as BlobId
}
